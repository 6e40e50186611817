"""How a scripted trial ends, and what its pod looks like then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from archmend.testing.katib.store import Object, now

CONTAINER, COLLECTOR = "trial", "metrics-logger-and-collector"
Kind = Literal[
    "succeeded", "failed", "killed", "early_stopped", "metrics_unavailable", "running", "pending", "no_pod"
]


@dataclass(frozen=True)
class Outcome:
    """What becomes of a trial.

    Attributes:
        kind: its end; `running` never ends, `pending` has a pod that no node takes, and `no_pod` a Job that
            may not make one.
        metrics: that Katib reads from its output.
        ticks: of the controller from its start to its end.
        work: called in the controller's thread right before its end, as what the container did.
        message: Katib's words, of the cluster's where it does not start.
        log: of its output. exit_code, reason: of its container.
        disruption: reason of the pod's DisruptionTarget condition, such as PreemptionByScheduler.
        pod: whether the pod is still there at its end.
    """

    kind: Kind = "succeeded"
    metrics: Mapping[str, float] = field(default_factory=dict)
    ticks: int = 1
    work: Callable[[], None] | None = None
    message: str = ""
    log: str = ""
    exit_code: int = 0
    reason: str = ""
    disruption: str = ""
    pod: bool = True


CONDITIONS: Mapping[str, str] = {
    "succeeded": "Succeeded",
    "failed": "Failed",
    "killed": "Killed",
    "early_stopped": "EarlyStopped",
    "metrics_unavailable": "MetricsUnavailable",
}
"""The condition that Katib writes for an end."""


def condition(kind: str, status: bool, reason: str = "", message: str = "") -> Object:
    """Return a condition as Katib writes it."""
    return {
        "type": kind,
        "status": str(status),
        "reason": reason,
        "message": message,
        "lastTransitionTime": now(),
        "lastUpdateTime": now(),
    }


def pod(trial: str, label: str, memory: str, outcome: Outcome) -> Object:
    """Return a trial's pod when it begins."""
    status: Object = {"phase": "Running", "containerStatuses": [_container({"running": {}})]}
    if outcome.kind == "pending":
        waits = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        status = {"phase": "Pending", "conditions": [{**waits, "message": outcome.message}]}
    resources = {"limits": {"memory": memory}} if memory else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{trial}-pod", "labels": {label: trial}},
        "spec": {"containers": [{"name": CONTAINER, "image": "trial", "resources": resources}]},
        "status": status,
    }


def ended(status: Object, outcome: Outcome) -> None:
    """Write a pod's end into its status."""
    code = outcome.exit_code
    reason = outcome.reason or ("Completed" if code == 0 else "Error")
    status["phase"] = "Failed" if code else "Succeeded"
    status["containerStatuses"] = [_container({"terminated": {"exitCode": code, "reason": reason}})]
    if outcome.disruption:
        disrupted = {"type": "DisruptionTarget", "status": "True", "reason": outcome.disruption}
        status["conditions"] = [{**disrupted, "message": outcome.message}]


def _container(state: Object) -> Object:
    return {
        "name": CONTAINER,
        "image": "trial",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }


def observation(metrics: Mapping[str, float]) -> Object:
    """Return metrics as Katib keeps them: texts."""
    listed: list[Any] = [
        {"name": name, "latest": repr(value), "min": repr(value), "max": repr(value)}
        for name, value in metrics.items()
    ]
    return {"metrics": listed}
