"""What Katib's conditions mean."""

from __future__ import annotations

from typing import Any

import pytest

from archmend.kubeflow.katib.states import experiment_state, trial_state


def trial(*conditions: tuple[str, str], metrics: dict[str, str] | None = None) -> dict[str, Any]:
    listed = [{"type": kind, "status": status, "message": f"it is {kind}"} for kind, status in conditions]
    observed = [{"name": k, "latest": v, "min": v, "max": v} for k, v in (metrics or {}).items()]
    return {
        "metadata": {"name": "e-3", "creationTimestamp": "2026-11-26T12:00:00Z"},
        "spec": {"parameterAssignments": [{"name": "architecture", "value": "3-4"}]},
        "status": {"conditions": listed, "observation": {"metrics": observed}},
    }


@pytest.mark.parametrize(
    ("conditions", "kind"),
    [
        ([], "created"),
        ([("Created", "True")], "created"),
        ([("Created", "True"), ("Running", "True")], "running"),
        ([("Created", "True"), ("Running", "False"), ("Succeeded", "True")], "succeeded"),
        ([("Running", "True"), ("Failed", "True")], "failed"),
        ([("Running", "False"), ("Killed", "True")], "killed"),
        ([("Running", "True"), ("EarlyStopped", "True")], "early_stopped"),
        ([("Succeeded", "False"), ("MetricsUnavailable", "True")], "metrics_unavailable"),
    ],
)
def test_a_trials_kind(conditions: list[tuple[str, str]], kind: str) -> None:
    state = trial_state(trial(*conditions))
    assert state.kind == kind
    assert state.finished == (kind not in ("created", "running"))


def test_a_trial_is_read_whole() -> None:
    state = trial_state(
        trial(("Succeeded", "True"), metrics={"accuracy": "0.91", "loss": "unavailable", "params": "120"})
    )
    assert (state.name, state.created, state.message) == ("e-3", "2026-11-26T12:00:00Z", "it is Succeeded")
    assert dict(state.assignments) == {"architecture": "3-4"}
    assert dict(state.metrics) == {"accuracy": 0.91, "params": 120.0}


def test_a_trial_that_was_just_made_has_no_status() -> None:
    assert trial_state({"metadata": {"name": "e-0"}}).kind == "created"


@pytest.mark.parametrize(
    ("conditions", "kind"),
    [
        ([], "running"),
        ([{"type": "Created", "status": "True"}], "running"),
        ([{"type": "Running", "status": "True"}], "running"),
        ([{"type": "Succeeded", "status": "False"}, {"type": "Failed", "status": "True"}], "failed"),
        ([{"type": "Running", "status": "False"}, {"type": "Succeeded", "status": "True"}], "succeeded"),
    ],
)
def test_an_experiments_kind(conditions: list[dict[str, str]], kind: str) -> None:
    item = {"metadata": {"name": "e"}, "status": {"conditions": conditions}}
    assert experiment_state(item).kind == kind


def test_notes_of_ours_are_read() -> None:
    notes = {"archmend.io/stopped": "its time is over", "archmend.io/deadline": "12.5"}
    ended = [{"type": "Succeeded", "status": "True", "reason": "ExperimentStopped", "message": "m"}]
    item = {"metadata": {"name": "e", "annotations": notes}, "status": {"conditions": ended}}
    state = experiment_state(item)
    assert (state.stopped, state.deadline, state.reason) == ("its time is over", 12.5, "ExperimentStopped")
