"""What a search makes better: names, their directions, and one comparable value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archmend.errors import BadInput, unknown_name
from archmend.search.types import TrialResult, Value

DIRECTIONS: Mapping[str, int] = {
    "accuracy": 1,
    "average_precision": 1,
    "loss": -1,
    "params": -1,
    "flops": -1,
    "latency_ms": -1,
}
"""1 where larger is better, -1 where smaller is."""


def parse_objectives(text: str) -> tuple[str, ...]:
    """Return the names in a text such as `accuracy,params`.

    Raises:
        BadInput: no name, an unknown one, or one twice.
    """
    return checked_objectives([name.strip() for name in text.split(",")])


def checked_objectives(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names if they are objectives.

    Raises:
        BadInput: no name, an unknown one, or one twice.
    """
    if isinstance(names, str):
        raise BadInput(f"objectives must be a list of names, got {names!r}; give {names.split(',')!r}")
    if not names or not all(names):
        raise BadInput(f"the objective {','.join(names)!r} lacks a name; give one of {', '.join(DIRECTIONS)}")
    for name in names:
        if name not in DIRECTIONS:
            raise unknown_name("objective", name, DIRECTIONS)
    twice = [name for name in names if list(names).count(name) > 1]
    if twice:
        raise BadInput(f"the objective {twice[0]!r} is given twice; leave one out")
    return tuple(names)


def objective_value(objectives: Sequence[str], measured: Mapping[str, float | None]) -> Value:
    """Return what is compared: each objective turned so that larger is better, alone or as a tuple.

    Args:
        objectives: names in their order.
        measured: a value for each of them, in its own direction.

    Raises:
        BadInput: one of them was not measured.
    """
    values = []
    for name in objectives:
        value = measured.get(name)
        if value is None:
            raise BadInput(f"the objective {name!r} was not measured; measured are {', '.join(measured)}")
        values.append(DIRECTIONS[name] * float(value))
    return values[0] if len(values) == 1 else tuple(values)


def check_value(result: TrialResult, objectives: Sequence[str]) -> None:
    """Refuse a value that is not one number an objective.

    Raises:
        BadInput: with the trial and what its evaluator gave.
    """
    if result.value is None:
        return
    given = len(all_of(result.value))
    if given != len(objectives):
        raise BadInput(
            f"trial {result.id} has {given} values ({result.value}) and the search has the objectives "
            f"{', '.join(objectives)}; let the evaluator give one each"
        )


def first_of(value: Value | None) -> float:
    """Return the value of the first objective of a trial that was measured."""
    return all_of(value)[0]


def all_of(value: Value | None) -> tuple[float, ...]:
    """Return the values of a trial that was measured, one an objective."""
    assert value is not None
    return value if isinstance(value, tuple) else (value,)
