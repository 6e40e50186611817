"""Why a trial's pod did not do its work, or has not begun: the cluster's words as one sentence."""

from __future__ import annotations

from typing import Any

from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.states import TrialState
from archmend.kubeflow.katib.template import CONTAINER

LAST_LINES = 5
COLLECTOR = "metrics-logger-and-collector"
_EVICTED = ("Preempted", "Evicted", "NodeLost", "Shutdown", "Terminated", "UnexpectedAdmissionError")


def failure_of(client: KatibClient, trial: TrialState) -> str:
    """Return why a trial that left no record failed; its last log lines are among the words.

    The forms are `out of memory ...`, `preempted ...`, `killed ...` and `exit code ...`.
    """
    pods = client.pods(trial.name)
    if not pods:
        return _sentence(f"{trial.kind.replace('_', ' ')}, and its pod is gone", trial.message)
    pod = pods[-1]
    reason = _disrupted(pod)
    if reason is not None:
        return reason
    ended = _terminated(pod)
    if ended is None:
        return _sentence(f"its pod {pod.metadata.name} is {pod.status.phase}", pod.status.message or "")
    if ended.reason == "OOMKilled":
        limit = _memory_limit(pod)
        return f"out of memory: its container was killed at its limit of {limit}; give the trials more"
    # Katib sends the trial's output through its collector, and leaves the trial's own log empty.
    logs = (client.log(pod.metadata.name, name, LAST_LINES) for name in (CONTAINER, COLLECTOR))
    log = next((text for text in logs if text.strip()), "")
    lines = " | ".join(line.strip() for line in log.splitlines() if line.strip())
    if ended.exit_code == 0:
        return _sentence("its container ended well and left neither a record nor metrics", lines)
    if ended.exit_code in (137, 143):
        return _sentence(f"killed (exit code {ended.exit_code})", lines)
    return _sentence(f"exit code {ended.exit_code}", lines)


def waiting_for(client: KatibClient, trial: TrialState) -> str | None:
    """Return what a trial's pod waits for, None where it waits for nothing in particular.

    Such as: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu.
    """
    pods = client.pods(trial.name)
    if not pods:
        # A Job that may not make its pod, as over a quota, says so in its events alone.
        return next(iter(client.events("Job", trial.name)[-1:]), None)
    for pod in pods:
        if pod.status.phase != "Pending":
            continue
        for condition in pod.status.conditions or []:
            if condition.type == "PodScheduled" and condition.status == "False" and condition.message:
                return str(condition.message)
        for status in pod.status.container_statuses or []:
            waiting = status.state.waiting
            if waiting is not None and waiting.reason not in (None, "ContainerCreating", "PodInitializing"):
                return _sentence(str(waiting.reason), waiting.message or "")
    return None


def _disrupted(pod: Any) -> str | None:
    for condition in pod.status.conditions or []:
        if condition.type == "DisruptionTarget" and condition.status == "True":
            return _sentence("preempted", f"{condition.reason or ''} {condition.message or ''}".strip())
    if pod.status.reason in _EVICTED:
        return _sentence("preempted", f"{pod.status.reason} {pod.status.message or ''}".strip())
    return None


def _terminated(pod: Any) -> Any:
    for status in pod.status.container_statuses or []:
        if status.name == CONTAINER:
            return status.state.terminated or (status.last_state.terminated if status.last_state else None)
    return None


def _memory_limit(pod: Any) -> str:
    for container in pod.spec.containers:
        if container.name == CONTAINER and container.resources and container.resources.limits:
            return str(container.resources.limits.get("memory", "its node"))
    return "its node"


def _sentence(what: str, words: str) -> str:
    return f"{what}: {words}" if words else what
