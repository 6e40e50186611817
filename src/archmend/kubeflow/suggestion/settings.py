"""The algorithm settings of an experiment, all of them texts, as values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.kubeflow.suggestion.groups import MOST_PER_POD
from archmend.kubeflow.suggestion.names import ASKED, TRIALS, TRIALS_PER_POD
from archmend.search import Budget, parse_objectives
from archmend.spaces import Space, space_setting

_WHOLE = re.compile(r"[0-9]{1,15}")
_SHAPE = re.compile(r"[1-9][0-9]{0,6}(x[1-9][0-9]{0,6}){0,3}")
_COLUMNS = re.compile(r"[1-9][0-9]{0,4}(,[1-9][0-9]{0,4}){0,9999}")
_MOST_CLASSES = 10**6
_MOST_NUMBERS = 10**8
"""Of a row: far more than a trial could hold, and far fewer than would keep a request busy for minutes."""
_OURS = (
    "space",
    "input_shape",
    "classes",
    "columns",
    "words",
    "seed",
    "max_params",
    "max_flops",
    "objectives",
    "epochs",
    TRIALS_PER_POD,
    TRIALS,
    ASKED,
)
_NO_SETTING = ("self", "name", "budget", "prior")
"""Arguments of `create_strategy` that no setting may reach."""


@dataclass(frozen=True)
class AlgorithmSettings:
    """What an experiment says of its search.

    Attributes:
        space, seed: as of `create_strategy`. limits: params and flops.
        objectives, epochs: None where the experiment leaves them to its objective and its parameters.
        own: the strategy's own settings, still texts. asked: see `archmend.kubeflow.suggestion.asked`.
        trials_per_pod: architectures of a Katib trial. trials: of all together, where that is no whole number
            of Katib trials.
    """

    space: Space
    seed: int
    limits: Budget
    objectives: tuple[str, ...] | None
    epochs: int | None
    own: dict[str, str]
    asked: str
    trials_per_pod: int
    trials: int | None


def read_settings(pairs: Iterable[tuple[str, str]]) -> AlgorithmSettings:
    """Return the values of settings given as names and texts.

    Raises:
        BadInput: one that is missing, given twice, or not what it should be; the strategy checks its own.
    """
    given: dict[str, str] = {}
    for name, text in pairs:
        if name in given:
            raise BadInput(f"the algorithm setting {name!r} is given twice; leave one out")
        if name in _NO_SETTING:
            raise BadInput(f"there is no algorithm setting {name!r}; leave it out")
        given[name] = text
    per_pod = _whole(TRIALS_PER_POD, given.get(TRIALS_PER_POD, "1"), 1, MOST_PER_POD)
    if per_pod == 1 and TRIALS in given:
        raise BadInput(
            f"the algorithm setting {TRIALS!r} is for trials of several architectures; set maxTrialCount, or "
            f"{TRIALS_PER_POD} too"
        )
    return AlgorithmSettings(
        space=space_setting(_needed(given, "space", "the name of a built-in space, or YAML text")).space(
            input_shape=_shape(_needed(given, "input_shape", "sizes such as 64 or 28x28x1")),
            classes=_whole("classes", _needed(given, "classes", "how many there are"), 2, _MOST_CLASSES),
            columns=_columns(given["columns"]) if "columns" in given else None,
            words=_optional(given, "words"),
        ),
        seed=_whole("seed", given.get("seed", "0"), 0),
        limits=Budget(params=_optional(given, "max_params"), flops=_optional(given, "max_flops")),
        objectives=parse_objectives(given["objectives"]) if "objectives" in given else None,
        epochs=_optional(given, "epochs"),
        own={name: text for name, text in given.items() if name not in _OURS},
        asked=given.get(ASKED, ""),
        trials_per_pod=per_pod,
        trials=_optional(given, TRIALS),
    )


def _needed(given: dict[str, str], name: str, what: str) -> str:
    if not given.get(name):
        raise BadInput(f"the algorithm setting {name!r} is missing; give {what}")
    return given[name]


def _optional(given: dict[str, str], name: str) -> int | None:
    return _whole(name, given[name], 1) if name in given else None


def _whole(name: str, text: str, least: int, most: int | None = None) -> int:
    if _WHOLE.fullmatch(text) and least <= int(text) and (most is None or int(text) <= most):
        return int(text)
    limits = f"at least {least}" if most is None else f"{least} to {most}"
    raise BadInput(f"the algorithm setting {name!r} must be a whole number of {limits}, got {text!r}")


def _columns(text: str) -> tuple[int, ...]:
    widths = tuple(map(int, text.split(","))) if _COLUMNS.fullmatch(text) else ()
    if not widths:
        raise BadInput(
            "the algorithm setting 'columns' must be how many numbers of a row are each column's, such as "
            f"1,1,5, got {text[:80]!r}"
        )
    return widths


def _shape(text: str) -> tuple[int, ...]:
    shape = tuple(map(int, text.split("x"))) if _SHAPE.fullmatch(text) else ()
    if not shape or math.prod(shape) > _MOST_NUMBERS:
        raise BadInput(
            "the algorithm setting 'input_shape' must be sizes such as 64 or 28x28x1 with a product of at "
            f"most {_MOST_NUMBERS}, got {text!r}"
        )
    return shape
