"""Katib's trials as the history of a search."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.kubeflow.suggestion import api_pb2 as api
from archmend.kubeflow.suggestion.asked import read_asked
from archmend.kubeflow.suggestion.experiment import Search
from archmend.kubeflow.suggestion.names import ARCHITECTURE, EPOCHS, MOST_TRIALS, trial_name
from archmend.search import Status, Suggestion, TrialResult, Value, objective_value

_LOG = logging.getLogger(__name__)
_STATUS: Mapping[int, tuple[Status, str | None]] = {
    api.TrialStatus.SUCCEEDED: ("succeeded", None),
    api.TrialStatus.KILLED: ("failed", "killed"),
    api.TrialStatus.FAILED: ("failed", "failed"),
    api.TrialStatus.METRICSUNAVAILABLE: ("failed", "no metrics"),
    api.TrialStatus.EARLYSTOPPED: ("stopped", "stopped early"),
}
"""What is not here (created, running, unknown) is still under way."""
_MEASURED = ("accuracy", "average_precision", "loss")


@dataclass(frozen=True)
class History:
    """What a request says of the trials so far.

    Attributes:
        results: of our own suggestions, by id; also of those that were asked and are not shown.
        prior: of trials that somebody else added to the experiment.
        asked: suggestions without a finished trial.
    """

    results: tuple[TrialResult, ...]
    prior: tuple[TrialResult, ...]
    asked: Mapping[int, Suggestion]


def read_trials(search: Search, trials: Iterable[api.Trial]) -> History:
    """Return the history that trials in any order, some of them perhaps twice, amount to.

    Raises:
        BadInput: a trial of our name with an architecture that is not of the space, or with two.
    """
    shown: dict[int, TrialResult] = {}
    foreign: list[api.Trial] = []
    for trial in trials:
        number = _id(search.experiment, trial.name)
        if number is None:
            foreign.append(trial)
            continue
        result = _result(search, number, trial)
        before = shown.get(number)
        if before is not None and before.architecture != result.architecture:
            raise BadInput(
                f"trial {trial.name} comes twice, as {before.architecture} and as {result.architecture}; "
                "keep one"
            )
        if before is None or before.status == "running" or result.status != "running":
            shown[number] = result
    last = max(shown, default=-1)
    hidden = {i: s for i, s in read_asked(search.asked, search.space).items() if i not in shown}
    results = [*shown.values(), *(_hidden(s, last) for s in hidden.values())]
    running = {
        i: Suggestion(i, r.architecture, r.fidelity) for i, r in shown.items() if r.status == "running"
    }
    return History(tuple(sorted(results, key=lambda r: r.id)), _prior(search, foreign), {**hidden, **running})


def _id(experiment: str, name: str) -> int | None:
    """Return the id in a trial's name, None where the name is not one that the service gives."""
    text = name.removeprefix(f"{experiment}-")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_TRIALS))):
        return None
    number = int(text)
    return number if name == trial_name(experiment, number) and number < MOST_TRIALS else None


def _result(search: Search, number: int, trial: api.Trial) -> TrialResult:
    given = {a.name: a.value for a in trial.spec.parameter_assignments.assignments}
    if ARCHITECTURE not in given:
        raise BadInput(
            f"trial {trial.name} has no assignment of {ARCHITECTURE!r}; give it another name, or delete it"
        )
    metrics = {
        m.name: measured
        for m in trial.status.observation.metrics
        if (measured := _number(m.value)) is not None
    }
    status, reason = _STATUS.get(trial.status.condition, ("running", None))
    value: Value | None = None
    if status in ("succeeded", "stopped"):
        missing = [name for name in search.objectives if name not in metrics]
        if not missing:
            value = objective_value(search.objectives, metrics)
        elif status == "succeeded":
            status, reason = "failed", f"it has no finite {missing[0]}"
    return TrialResult(
        number,
        search.space.parse(given[ARCHITECTURE]),
        value,
        status,
        _epochs(given.get(EPOCHS, "")),
        {name: metrics[name] for name in _MEASURED if name in metrics},
        reason,
        params=_whole(metrics.get("params")),
        flops=_whole(metrics.get("flops")),
        latency_ms=metrics.get("latency_ms"),
        seconds=metrics.get("seconds"),
    )


def _hidden(suggestion: Suggestion, last: int) -> TrialResult:
    """Return what is known of a suggestion without a trial in the request.

    Katib makes the trials of its suggestions in their order: where a later one is shown, this one was made,
    too, and ended without metrics; else it is about to be made.
    """
    ended = suggestion.id < last
    return TrialResult(
        suggestion.id,
        suggestion.architecture,
        None,
        "failed" if ended else "running",
        suggestion.fidelity,
        reason="no metrics" if ended else None,
    )


def _prior(search: Search, foreign: Iterable[api.Trial]) -> tuple[TrialResult, ...]:
    found: list[TrialResult] = []
    for trial in sorted(foreign, key=lambda t: t.name):
        try:
            found.append(_result(search, len(found), trial))
        except BadInput as error:
            _LOG.warning("a trial that is not ours is left aside: %s", error)
    return tuple(found)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:  # Katib's own word for a missing value is "unavailable"
        return None
    return number if math.isfinite(number) else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _epochs(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
