"""What an Experiment or a trial says of itself, as one word and a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kubeflow_katib_api import models as api

from archmend.kubeflow.katib.names import DEADLINE, STOPPED

TrialKind = Literal[
    "created", "running", "succeeded", "failed", "killed", "early_stopped", "metrics_unavailable"
]
_FINAL: Mapping[str, TrialKind] = {
    "Killed": "killed",
    "Failed": "failed",
    "Succeeded": "succeeded",
    "EarlyStopped": "early_stopped",
    "MetricsUnavailable": "metrics_unavailable",
}


@dataclass(frozen=True)
class TrialState:
    """A trial as Katib knows it.

    Attributes:
        name: of it. created: RFC 3339. kind: what it is. message: Katib's words.
        assignments: of parameters. metrics: the last of each, where it is a number.
    """

    name: str
    created: str
    kind: TrialKind
    message: str
    assignments: Mapping[str, str]
    metrics: Mapping[str, float]

    @property
    def finished(self) -> bool:
        """Whether nothing more will come of it."""
        return self.kind not in ("created", "running")


@dataclass(frozen=True)
class ExperimentState:
    """An Experiment as Katib knows it.

    Attributes:
        kind: running covers everything before an end. reason, message: Katib's words.
        created: RFC 3339. stopped: why archmend stopped it, empty where it did not.
        deadline: seconds since the epoch at which the search ends, None where it may last.
    """

    kind: Literal["running", "succeeded", "failed"]
    reason: str
    message: str
    created: str
    stopped: str = ""
    deadline: float | None = None


def trial_state(item: Mapping[str, Any]) -> TrialState:
    """Return the state of a trial, as the API server gave it."""
    trial = api.V1beta1Trial.from_dict(dict(item))
    assert trial is not None
    status = trial.status
    conditions = (status.conditions if status else None) or []
    kind: TrialKind = "created"
    message = ""
    for condition in conditions:
        if condition.status != "True":
            continue
        if condition.type in _FINAL:
            kind, message = _FINAL[condition.type], condition.message or ""
            break
        if condition.type == "Running":
            kind = "running"
    assigned = (trial.spec.parameter_assignments if trial.spec else None) or []
    observed = status.observation.metrics if status and status.observation else None
    return TrialState(
        name=item["metadata"]["name"],
        created=str(item["metadata"].get("creationTimestamp", "")),
        kind=kind,
        message=message,
        assignments={a.name or "": a.value or "" for a in assigned},
        metrics={
            m.name: number for m in observed or [] if m.name and (number := _number(m.latest)) is not None
        },
    )


def experiment_state(item: Mapping[str, Any]) -> ExperimentState:
    """Return the state of an Experiment, as the API server gave it."""
    experiment = api.V1beta1Experiment.from_dict(dict(item))
    assert experiment is not None
    created = str(item["metadata"].get("creationTimestamp", ""))
    notes = item["metadata"].get("annotations") or {}
    stopped, deadline = notes.get(STOPPED, ""), _number(notes.get(DEADLINE))
    conditions = (experiment.status.conditions if experiment.status else None) or []
    for condition in conditions:
        if condition.status == "True" and condition.type in ("Succeeded", "Failed"):
            kind: Literal["succeeded", "failed"] = "succeeded" if condition.type == "Succeeded" else "failed"
            reason, message = condition.reason or "", condition.message or ""
            return ExperimentState(kind, reason, message, created, stopped, deadline)
    return ExperimentState("running", "", "", created, "", deadline)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None  # Katib writes "unavailable" where a metric is not there
