"""The compiled DAG, run end to end on the digits as `archmend pipeline run` does it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archmend.registry import Registry


def _run(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "archmend", "pipeline", "run", *flags]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pipeline") / "out"
    small = ["max_trials=3", "epochs=2", "repair_epochs=4", "name=digits"]
    done = _run("--out", str(out), *(word for p in small for word in ("--param", p)))
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_every_task_left_its_artifacts(finished: Path) -> None:
    (run,) = finished.glob("archmend-*")
    assert (run / "prepare-data" / "dataset" / "data.json").is_file()
    trials = (run / "search" / "trials" / "trials.jsonl").read_text().splitlines()
    assert len(trials) == 3
    assert (run / "repair" / "model" / "model.keras").is_file()
    evaluation = json.loads((run / "evaluate" / "evaluation" / "evaluation.json").read_text())
    assert evaluation["accuracy"] > 0.8
    assert "state: SUCCEEDED" in (run / "summarize" / "summary").read_text()
    for task in ("search", "register"):
        page = (run / task / "report").read_text()
        assert page.startswith("<!doctype html>")
        assert len(page.encode()) < 2_000_000


def test_metrics_are_plain_numbers(finished: Path) -> None:
    (run,) = finished.glob("archmend-*")
    said = json.loads((run / "evaluate" / "executor_output.json").read_text())
    metadata = said["artifacts"]["metrics"]["artifacts"][0]["metadata"]
    assert {"accuracy", "loss", "params", "logistic_regression"} <= set(metadata)
    assert all(isinstance(value, int | float) for value in metadata.values())
    shown = said["artifacts"]["classification"]["artifacts"][0]["metadata"]
    assert len(shown["confusionMatrix"]["rows"]) == 10


def test_the_model_is_registered_with_its_lineage_and_verifies(finished: Path) -> None:
    registry = Registry(finished / "registry")
    version = registry.show("digits")
    assert version.lineage.architecture
    assert version.lineage.trial is not None
    assert {"best.json", "decisions.jsonl", "history.csv"} <= set(version.files)
    assert registry.verify("digits").ok


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--param", "max_trails=3"], "unknown pipeline parameter 'max_trails': did you mean 'max_trials'"),
        (["--param", "max_trials=x"], "parameter max_trials=x is of the wrong type; give a whole number"),
        (
            ["--param", "search_tolerations={}"],
            "parameter search_tolerations={} is of the wrong type; give a list",
        ),
        (["--param", "max_trials"], "--param 'max_trials' is no parameter; write name=value"),
    ],
)
def test_bad_parameters(flags: list[str], sentence: str, tmp_path: Path) -> None:
    done = _run("--out", str(tmp_path / "out"), *flags)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_task_that_fails_still_leaves_a_summary(tmp_path: Path) -> None:
    done = _run("--out", str(tmp_path / "out"), "--param", "data=none.npz")
    assert done.returncode == 1
    assert "'none.npz' does not exist" in done.stdout
    (summary,) = (tmp_path / "out").glob("archmend-*/summarize/summary")
    assert "state: FAILED" in summary.read_text()
