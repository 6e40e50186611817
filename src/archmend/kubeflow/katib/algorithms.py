"""Which algorithm proposes the trials: a strategy of ours behind the Suggestion service, or one of Katib's.

Katib's names and what each needs: https://www.kubeflow.org/docs/components/katib/user-guides/hp-tuning/configure-algorithm/
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from archmend.errors import BadInput, unknown_name
from archmend.kubeflow.suggestion import algorithm_name, check_served
from archmend.search import parse_strategy, strategy_names
from archmend.spaces import Choice, Space, every_choice

KATIB_PREFIX = "katib-"
"""Before the name of one of Katib's own algorithms, since ours and theirs share names."""
KATIB_ALGORITHMS = (
    "random",
    "grid",
    "tpe",
    "multivariate-tpe",
    "bayesianoptimization",
    "cmaes",
    "hyperband",
    "sobol",
)
_NAS = ("enas", "darts")
_LARGEST_GRID = 10_000
"""Katib's grid builds the whole product in memory."""


@dataclass(frozen=True)
class Algorithm:
    """What stands in an Experiment's `algorithm`.

    Attributes:
        name: as Katib knows it. settings: of it, as texts. ours: whether our service answers.
    """

    name: str
    settings: Mapping[str, str]
    ours: bool


def read_algorithm(text: str) -> Algorithm:
    """Return the algorithm that `--strategy` names: `random:key=value` is ours, `katib-tpe` is Katib's.

    Raises:
        BadInput: an unknown name, a strategy that is not served, or settings that are not key=value.
    """
    name, colon, rest = text.partition(":")
    if not name.startswith(KATIB_PREFIX):
        ours, settings = parse_strategy(text)
        check_served(ours, strategy_names(waiting=False))
        return Algorithm(algorithm_name(ours), settings, ours=True)
    theirs = name.removeprefix(KATIB_PREFIX)
    if theirs in _NAS:
        raise BadInput(
            f"Katib's {theirs} trains one large network that holds all others, described by Katib's own "
            "operations; archmend's spaces cannot be written so: take another strategy"
        )
    if theirs not in KATIB_ALGORITHMS:
        raise unknown_name("algorithm of Katib", theirs, KATIB_ALGORITHMS)
    found: dict[str, str] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = part.partition("=")
        if not (key and equals and value):
            raise BadInput(f"{part!r} in --strategy {text!r} is no setting; write {name}:key=value,key=value")
        found[key] = value
    return Algorithm(theirs, found, ours=False)


def check_pair(algorithm: Algorithm, space: Space) -> None:
    """Refuse an algorithm of Katib's that cannot search the space, before anything is created.

    Raises:
        BadInput: with the reason.
    """
    if algorithm.ours:
        return
    choices = every_choice(space)
    if algorithm.name == "grid":
        product = grid_size(space)
        if product > _LARGEST_GRID:
            raise BadInput(
                f"Katib's grid holds the product of all choices in memory, and that of space {space.name!r} "
                f"is {product:,} (at most {_LARGEST_GRID:,} are let through); take our own --strategy grid"
            )
    if algorithm.name == "cmaes" and sum(is_range(choice) for choice in choices) < 2:
        raise BadInput(
            f"Katib's cmaes needs at least two parameters that are whole numbers in a row, and space "
            f"{space.name!r} has {sum(is_range(choice) for choice in choices)}; take another strategy"
        )


def check_parallel(algorithm: Algorithm, epochs: int, parallel: int) -> None:
    """Refuse Katib's hyperband with fewer trials at once than its first rung has.

    Raises:
        BadInput: with how many it takes; or one of its settings is no number it can use.
    """
    if algorithm.ours or algorithm.name != "hyperband":
        return
    settings = hyperband_settings(algorithm, epochs)
    resource = _at_least(settings, "r_l", 1)
    eta = int(_at_least(settings, "eta", 2))
    # As Katib 0.19 reckons it when it checks the settings, which it does after the Experiment was made.
    needed = math.ceil(eta ** int(math.log(resource) / math.log(eta)))
    if parallel < needed:
        raise BadInput(
            f"Katib's hyperband with r_l={settings['r_l']} and eta={eta} runs {needed} trials at once, and "
            f"{parallel} are allowed; give --workers {needed} or more and as many trials, or fewer epochs"
        )


def hyperband_settings(algorithm: Algorithm, epochs: int) -> dict[str, str]:
    """Return the settings of Katib's hyperband, what was not given from the number of epochs."""
    return {"resource_name": "epochs", "eta": "3", "r_l": str(epochs), **algorithm.settings}


def grid_size(space: Space) -> int:
    """Return how many points Katib's grid has: it knows nothing of inactive choices.

    Raises:
        BadInput: the space has no end.
    """
    return math.prod(len(choice.levels) for choice in every_choice(space))


def is_range(choice: Choice) -> bool:
    """Whether a choice takes all whole numbers from its smallest to its largest, as Katib's `int` does."""
    if choice.is_open:
        return False
    values = list(choice.levels)
    if not values or any(isinstance(v, bool) or not isinstance(v, int) for v in values):
        return False
    whole = sorted(int(v) for v in values)
    return len(whole) > 1 and whole == list(range(whole[0], whole[-1] + 1))


def _at_least(settings: Mapping[str, str], name: str, least: int) -> float:
    try:
        value = float(settings[name])
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise BadInput(
            f"{name} of Katib's hyperband must be a number from {least} on, got {settings[name]!r}"
        )
    return value
