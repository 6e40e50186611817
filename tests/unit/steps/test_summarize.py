"""The summary tidies up after its run, and is written whatever stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from archmend.errors import Unavailable
from archmend.kubeflow.place import RUN_ID, checkpoint_of_run
from archmend.steps import summarize as step
from archmend.steps.summarize import summarize
from archmend.storage import exists, write_bytes


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Checkpoints of this run's repair and of another run's."""
    monkeypatch.setattr(step, "_of_katib", lambda run: [f"- asked Katib of `{run}`"])
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
    monkeypatch.setattr(step, "_of_katib", lambda run: [])
    monkeypatch.setenv(RUN_ID, "this")
    assert "not removed" not in summarize("digits", "model", "r", "", "SUCCEEDED", "")
    monkeypatch.delenv(RUN_ID)
    assert "- run" not in summarize("digits", "model", "r", "minio://b", "SUCCEEDED", "")


@pytest.mark.parametrize(
    ("state", "said"),
    [("COMPLETE", "SUCCEEDED"), ("CACHED", "SUCCEEDED"), ("RUNNING", "not at its end"), ("FAILED", "FAILED")],
)
def test_the_words_of_a_cluster(state: str, said: str) -> None:
    assert f"- state: {said}\n" in summarize("digits", "model", "r", "", state, "")
