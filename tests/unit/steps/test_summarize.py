"""The summary tidies up after its run, and is written whatever stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archmend.errors import Unavailable
from archmend.kubeflow.place import RUN_ID, checkpoint_of_run
from archmend.steps import summarize as step
from archmend.steps.run_outcome import RunOutcome, outcome_of
from archmend.steps.summarize import summarize
from archmend.storage import exists, write_bytes


class Client:
    """A cluster that knows nothing of the run."""

    def workflow(self, run: str) -> None:
        return None


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Checkpoints of this run's repair and of another run's."""
    monkeypatch.setattr(step, "KatibClient", lambda namespace: Client())
    monkeypatch.setattr(step, "_of_katib", lambda client, run: [f"- asked Katib of `{run}`"])
    places = []
    for run in ("another", "this"):
        monkeypatch.setenv(RUN_ID, run)
        place = checkpoint_of_run(str(tmp_path), "repair")
        assert place is not None
        write_bytes(place, b"state")
        places.append(place)
    return places


def test_the_checkpoints_of_a_run_that_succeeded_go(kept: list[str], tmp_path: Path) -> None:
    said = summarize("digits", "model", "r", str(tmp_path), "SUCCEEDED", "")
    assert [exists(place) for place in kept] == [True, False]
    assert "asked Katib of `this`" in said


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_those_of_another_wait_for_its_retry(kept: list[str], tmp_path: Path, state: str) -> None:
    assert f"- state: {state}" in summarize("digits", "model", "r", str(tmp_path), state, "why")
    assert all(map(exists, kept))


def test_a_silent_store_is_said(kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(uri: str) -> list[object]:
        raise Unavailable(f"nobody answers for {uri}")

    monkeypatch.setattr(step, "list_objects", away)
    said = summarize("digits", "model", "r", str(tmp_path), "SUCCEEDED", "")
    assert f"- checkpoints were not removed: nobody answers for {tmp_path}/checkpoints/this/" in said


def test_without_a_store_or_a_cluster_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "KatibClient", lambda namespace: Client())
    monkeypatch.setattr(step, "_of_katib", lambda client, run: [])
    monkeypatch.setenv(RUN_ID, "this")
    assert "not removed" not in summarize("digits", "model", "r", "", "SUCCEEDED", "")
    monkeypatch.delenv(RUN_ID)
    assert "- run" not in summarize("digits", "model", "r", "minio://b", "SUCCEEDED", "")


@pytest.mark.parametrize(
    ("told", "state"),
    [("COMPLETE", "SUCCEEDED"), ("CACHED", "SUCCEEDED"), ("RUNNING", "not at its end"), ("FAILED", "FAILED")],
)
def test_the_words_of_kubeflow_where_nothing_else_is_known(told: str, state: str) -> None:
    assert outcome_of(None, told) == RunOutcome(state)
    assert outcome_of({"status": {"compressedNodes": "..."}}, told) == RunOutcome(state)


def workflow(handler: str, search: str, **spec: int) -> dict[str, Any]:
    """A run's Workflow, as Argo 4.0.5 shows it, without its pods."""
    nodes = {
        "w": ("w", None, "Running"),
        "r": ("root", "w", handler),
        "e": ("exit-handler-1", "r", handler),
        "x": ("exit-handler-1.onExit", "r", "Running"),
        "p": ("archmend-steps", "e", handler),
        "f": ("fingerprint", "p", "Succeeded"),
        "s": ("search", "p", search),
    }
    shown = {
        key: {"type": "DAG", "displayName": name, "boundaryID": of, "phase": phase}
        for key, (name, of, phase) in nodes.items()
    }
    return {"spec": spec, "status": {"nodes": shown}}


def test_the_workflow_knows_better() -> None:
    assert outcome_of(workflow("Succeeded", "Succeeded"), "RUNNING") == RunOutcome("SUCCEEDED")
    assert outcome_of(workflow("Failed", "Failed"), "RUNNING") == RunOutcome("FAILED", ("search",))
    cancelled = workflow("Failed", "Failed", activeDeadlineSeconds=0)
    assert outcome_of(cancelled, "RUNNING") == RunOutcome("CANCELED", ("search",))
    assert outcome_of(workflow("Running", "Running"), "RUNNING") == RunOutcome("not at its end")
