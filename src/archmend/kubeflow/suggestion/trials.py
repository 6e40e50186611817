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
from archmend.kubeflow.suggestion.groups import Group, metrics_of, placed, read_group, write_group
from archmend.kubeflow.suggestion.names import ARCHITECTURE, EPOCHS, MOST_TRIALS, TRIALS_PER_POD, trial_name
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
        asked: suggestions without a finished trial, by the trial's id.
        trials: of Katib that the results are of; fewer than those where a trial has several architectures.
    """

    results: tuple[TrialResult, ...]
    prior: tuple[TrialResult, ...]
    asked: Mapping[int, Group]
    trials: int


def read_trials(search: Search, trials: Iterable[api.Trial]) -> History:
    """Return the history that trials in any order, some of them perhaps twice, amount to.

    Raises:
        BadInput: a trial of our name with an architecture that is not of the space, or with two.
    """
    shown: dict[int, tuple[TrialResult, ...]] = {}
    foreign: list[api.Trial] = []
    for trial in trials:
        number = _id(search.experiment, trial.name)
        if number is None:
            foreign.append(trial)
            continue
        results = _results(search, number, trial)
        before = shown.get(number)
        if before is not None and _group(before) != _group(results):
            raise BadInput(
                f"trial {trial.name} comes twice, as {_codes(before)} and as {_codes(results)}; keep one"
            )
        if before is None or _running(before) or not _running(results):
            shown[number] = results
    last = max(shown, default=-1)
    noted = read_asked(search.asked, search.space, search.trials_per_pod)
    hidden = {number: group for number, group in noted.items() if number not in shown}
    running = {number: _group(results) for number, results in shown.items() if _running(results)}
    told = [result for results in shown.values() for result in results]
    told += [_hidden(s, number < last) for number, group in hidden.items() for s in group]
    return History(
        tuple(sorted(told, key=lambda r: r.id)),
        _prior(search, foreign),
        {**hidden, **running},
        len(shown) + len(hidden),
    )


def _running(results: tuple[TrialResult, ...]) -> bool:
    """Whether a trial is under way: all of its architectures are then."""
    return results[0].status == "running"


def _group(results: tuple[TrialResult, ...]) -> Group:
    return tuple(Suggestion(r.id, r.architecture, r.fidelity) for r in results)


def _codes(results: tuple[TrialResult, ...]) -> str:
    return write_group([Suggestion(r.id, r.architecture) for r in results])


def _id(experiment: str, name: str) -> int | None:
    """Return the id in a trial's name, None where the name is not one that the service gives."""
    text = name.removeprefix(f"{experiment}-")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_TRIALS))):
        return None
    number = int(text)
    return number if name == trial_name(experiment, number) and number < MOST_TRIALS else None


def _results(search: Search, number: int, trial: api.Trial) -> tuple[TrialResult, ...]:
    """Return what became of a trial's architectures: of one, unless there are several in each."""
    given = {a.name: a.value for a in trial.spec.parameter_assignments.assignments}
    if ARCHITECTURE not in given:
        raise BadInput(
            f"trial {trial.name} has no assignment of {ARCHITECTURE!r}; give it another name, or delete it"
        )
    epochs, most = _epochs(given.get(EPOCHS, "")), search.trials_per_pod
    if most == 1:
        group: Group = (Suggestion(number, search.space.parse(given[ARCHITECTURE]), epochs),)
    else:
        group = read_group(number, given[ARCHITECTURE], search.space, epochs)
    if len(group) > most:
        raise BadInput(
            f"trial {trial.name} has {len(group)} architectures and {TRIALS_PER_POD} is {most}; give it "
            "another name, or delete it"
        )
    status, reason = _STATUS.get(trial.status.condition, ("running", None))
    metrics = {
        m.name: measured
        for m in trial.status.observation.metrics
        if (measured := _number(m.value)) is not None
    }
    return tuple(
        _result(search, suggestion, status, reason, metrics_of(metrics, place, len(group)), place, len(group))
        for place, suggestion in enumerate(group)
    )


def _result(
    search: Search,
    suggestion: Suggestion,
    status: Status,
    reason: str | None,
    metrics: Mapping[str, float],
    place: int,
    size: int,
) -> TrialResult:
    value: Value | None = None
    if status in ("succeeded", "stopped"):
        missing = [name for name in search.objectives if name not in metrics]
        if not missing:
            value = objective_value(search.objectives, metrics)
        elif status == "succeeded":
            name = missing[0] if size == 1 else placed(missing[0], place)
            status, reason = "failed", f"it has no finite {name}"
    return TrialResult(
        suggestion.id,
        suggestion.architecture,
        value,
        status,
        suggestion.fidelity,
        {name: metrics[name] for name in _MEASURED if name in metrics},
        reason,
        params=_whole(metrics.get("params")),
        flops=_whole(metrics.get("flops")),
        latency_ms=metrics.get("latency_ms"),
        seconds=metrics.get("seconds"),
    )


def _hidden(suggestion: Suggestion, ended: bool) -> TrialResult:
    """Return what is known of a suggestion without a trial in the request.

    Katib makes the trials of its suggestions in their order: where a later one is shown, this one was made,
    too, and ended without metrics; else it is about to be made.
    """
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
            found += _results(search, len(found), trial)
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
