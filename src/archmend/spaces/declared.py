"""What a space's declaration must satisfy, checked once when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archmend.errors import BadInput, unknown_name
from archmend.spaces.choice import Choice, OpenIntegers, Repeat

Item = Choice | Repeat


def checked_items(choices: Iterable[Item], space: str) -> tuple[Item, ...]:
    """Return the items of a space, or say what is wrong with them.

    Raises:
        BadInput: none at all, a name twice, a condition on a choice that is not made before, or on a value
            that its parent does not have, a repetition by something that does not count.
    """
    items = tuple(choices)
    if not items:
        raise BadInput(f"space {space!r} has no choices; give at least one")
    known: dict[str, Choice] = {}
    repeated: set[str] = set()
    for item in items:
        if isinstance(item, Choice):
            _add(item, known, repeated, space)
        elif isinstance(item, Repeat):
            _check_counter(item, known)
            inside = dict(known)
            for choice in item.choices:
                _add(choice, inside, repeated, space)
            repeated |= {choice.name for choice in item.choices}
        else:
            raise BadInput(f"space {space!r} has {item!r} among its choices; give Choice or Repeat")
    return items


def _add(choice: Choice, known: dict[str, Choice], repeated: set[str], space: str) -> None:
    if choice.name in known or choice.name in repeated:
        raise BadInput(f"space {space!r} has two choices named {choice.name!r}; rename one of them")
    if choice.name.rpartition("_")[0] in repeated and choice.name.rpartition("_")[2].isdigit():
        raise BadInput(f"choice {choice.name!r} has the name of a repeated one; rename it")
    if isinstance(choice.when, dict):
        for parent, allowed in choice.when.items():
            _check_condition(choice, parent, allowed, known, repeated)
    known[choice.name] = choice


def _check_condition(
    choice: Choice, parent: str, allowed: Sequence[object], known: dict[str, Choice], repeated: set[str]
) -> None:
    if parent not in known:
        if parent.rpartition("_")[0] in repeated:
            return  # a numbered choice of a repetition: whether it is there shows in the architecture
        raise unknown_name(f"parent of choice {choice.name!r} (parents come before it)", parent, known)
    for value in allowed:
        if known[parent].canonical(value) is None:
            raise BadInput(
                f"choice {choice.name!r} depends on {parent!r} being {value!r}, which it never is; "
                f"{parent!r} takes {_values_of(known[parent])}"
            )


def _check_counter(repeat: Repeat, known: dict[str, Choice]) -> None:
    if repeat.by not in known:
        raise unknown_name("counting choice of a repetition", repeat.by, known)
    values = known[repeat.by].values
    if isinstance(values, OpenIntegers):
        return
    wrong = [v for v in values if not isinstance(v, int) or isinstance(v, bool) or v < 0]
    if wrong:
        raise BadInput(
            f"a repetition is counted by {repeat.by!r}, which can be {wrong[0]!r}; give whole numbers from 0"
        )


def _values_of(choice: Choice) -> str:
    if isinstance(choice.values, OpenIntegers):
        return str(choice.values)
    return ", ".join(repr(v) for v in choice.values)
