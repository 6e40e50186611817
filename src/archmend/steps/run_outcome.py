"""How a pipeline run has ended so far, by its Argo Workflow.

Kubeflow's driver hands the exit handler a state out of ML Metadata instead (2.17, backend/src/v2/driver):
COMPLETE for a success, and RUNNING where every step came from the cache or a pod was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUCCEEDED, FAILED, CANCELED = "SUCCEEDED", "FAILED", "CANCELED"
HANDLED = "exit-handler-"
"""How kfp calls the task that an exit handler follows."""
_STATES = {"COMPLETE": SUCCEEDED, "CACHED": SUCCEEDED, "RUNNING": "not at its end"}


@dataclass(frozen=True)
class RunOutcome:
    """How it ended, and which of its steps failed."""

    state: str
    failed: tuple[str, ...] = ()


def outcome_of(workflow: Mapping[str, Any] | None, told: str) -> RunOutcome:
    """Return how a run has ended, seen from its exit handler.

    Args:
        workflow: of the run, as the API server gave it; None where it is not known.
        told: what Kubeflow says of it.
    """
    nodes = (workflow or {}).get("status", {}).get("nodes") or {}
    dags = {key: node for key, node in nodes.items() if node.get("type") == "DAG"}
    handled = next(
        (node for node in dags.values() if _name(node).startswith(HANDLED) and not _after(node)), None
    )
    if workflow is None or handled is None:
        return RunOutcome(_STATES.get(told, told))
    failed = {key: node for key, node in dags.items() if node["phase"] in ("Failed", "Error")}
    # A pipeline fails with its step: only what holds no other failed one is a step.
    outer = {node.get("boundaryID") for node in failed.values()}
    steps = tuple(sorted(_name(node) for key, node in failed.items() if key not in outer))
    if workflow.get("spec", {}).get("activeDeadlineSeconds") == 0:
        return RunOutcome(CANCELED, steps)
    phase = handled["phase"]
    if phase in ("Failed", "Error"):
        return RunOutcome(FAILED, steps)
    return RunOutcome(SUCCEEDED if phase == "Succeeded" else _STATES.get(told, told))


def _name(node: Mapping[str, Any]) -> str:
    return str(node.get("displayName", ""))


def _after(node: Mapping[str, Any]) -> bool:
    return _name(node).endswith(".onExit")
