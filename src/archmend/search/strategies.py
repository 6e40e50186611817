"""Strategies by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from numbers import Integral
from typing import Any

from archmend.errors import BadInput, unknown_name
from archmend.search.asha import Asha
from archmend.search.auto import Auto
from archmend.search.evolution import Evolution
from archmend.search.grid import GridSearch
from archmend.search.hyperband import Hyperband
from archmend.search.local_search import LocalSearch
from archmend.search.max_entropy import MaxEntropy
from archmend.search.nsga2 import Nsga2
from archmend.search.objectives import checked_objectives
from archmend.search.random import RandomSearch
from archmend.search.reinforce import Reinforce
from archmend.search.strategy import Strategy, check_settings
from archmend.search.surrogate import Surrogate
from archmend.search.tpe import Tpe
from archmend.search.types import Budget, TrialResult, checked_budget
from archmend.spaces import Space

ENTRY_POINTS = "archmend.strategies"
_OWN: tuple[type[Strategy], ...] = (
    RandomSearch,
    GridSearch,
    LocalSearch,
    Evolution,
    Reinforce,
    Asha,
    Hyperband,
    Nsga2,
    Tpe,
    Surrogate,
    MaxEntropy,
    Auto,
)


def strategy_names(*, waiting: bool = True) -> tuple[str, ...]:
    """Return the names of all strategies, installed packages' too.

    Args:
        waiting: with those that wait for running trials.
    """
    return tuple(name for name, strategy in _classes().items() if waiting or not strategy.waits)


def create_strategy(
    name: str,
    space: Space,
    seed: int = 0,
    *,
    budget: Budget | None = None,
    objectives: Sequence[str] = ("accuracy",),
    prior: Iterable[TrialResult] = (),
    **settings: Any,
) -> Strategy:
    """Return a strategy that has been told nothing yet.

    Args:
        name: one of `strategy_names()`.
        space: to search.
        seed: of its draws, at least 0.
        budget: limits that its proposals keep to.
        objectives: what is made better, see `DIRECTIONS`.
        prior: results of earlier runs to start from.
        **settings: of this strategy; texts are read as what the setting is.

    Raises:
        BadInput: an unknown name, setting or objective, a space that the strategy cannot search, a budget
            that nothing fits (`grid` goes through all of a space whatever the budget).
    """
    classes = _classes()
    if isinstance(name, str) and ":" in name:
        raise BadInput(f"strategy {name!r} has settings in its name; give them as keywords")
    if name not in classes:
        raise unknown_name("strategy", str(name), classes)
    if not isinstance(space, Space):
        raise BadInput(f"space must be a Space, got {space!r}; make one with create_space")
    if budget is not None:
        checked_budget(budget)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise BadInput(f"seed must be a whole number of at least 0, got {seed!r}")
    return classes[name](
        space, seed, budget=budget, objectives=checked_objectives(objectives), prior=prior, **settings
    )


def parse_strategy(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and settings (still texts) of a text such as `evolution:population=50,sample=10`.

    Raises:
        BadInput: an unknown name, or a setting that is not key=value.
    """
    name, colon, rest = text.partition(":")
    if name not in strategy_names():
        raise unknown_name("strategy", name, strategy_names())
    settings: dict[str, Any] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = part.partition("=")
        if not (key and equals and value):
            raise BadInput(f"{part!r} in --strategy {text!r} is no setting; write {name}:key=value,key=value")
        if key in settings:
            raise BadInput(f"the setting {key!r} is given twice in --strategy {text!r}; leave one out")
        settings[key] = value
    check_settings(_classes()[name], settings)
    return name, settings


def with_epochs(name: str, settings: Mapping[str, Any], most: int, least: int = 1) -> dict[str, Any]:
    """Return the settings of a strategy: one that chooses the epochs keeps to these unless it says."""
    takes = "max_epochs" in _classes()[name].Settings.model_fields
    return {"min_epochs": least, "max_epochs": most, **settings} if takes else dict(settings)


def _classes() -> dict[str, type[Strategy]]:
    found = {strategy.name: strategy for strategy in _OWN}
    for loaded in _installed(entry_points):
        found.setdefault(loaded.name, loaded)
    return found


@cache
def _installed(find: Callable[..., Iterable[EntryPoint]]) -> tuple[type[Strategy], ...]:
    """Load the strategies of installed packages, once: going through all packages takes long."""
    found = []
    for entry in find(group=ENTRY_POINTS):
        loaded = entry.load()
        if not (isinstance(loaded, type) and issubclass(loaded, Strategy)):
            raise BadInput(
                f"entry point {entry.name!r} of {ENTRY_POINTS} is {loaded!r}; it must be a subclass of "
                "archmend.search.Strategy"
            )
        found.append(loaded)
    return tuple(found)
