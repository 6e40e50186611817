"""All five steps: what they leave, and how a run goes on from wherever it was cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.registry import Registry
from archmend.steps.pipeline import RunOutcome, RunRequest, RunWatch, run
from archmend.steps.search import SearchRequest

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
FILES = {
    "best.json",
    "data",
    "decisions.jsonl",
    "evaluation.json",
    "history.csv",
    "model.keras",
    "probes.jsonl",
    "registered.json",
    "repair.json",
    "report.html",
    "run.json",
    "search.json",
    "trials.jsonl",
    "weights",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    rng = np.random.default_rng(0)
    y = np.arange(150) % 3
    path = tmp_path_factory.mktemp("data") / "rows.npz"
    np.savez(path, x=(rng.normal(size=(150, 4)) + 2 * y[:, None]).astype(np.float32), y=y)
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def go(source: str, folder: Path) -> Callable[..., tuple[RunOutcome, list[str]]]:
    def _go(**other: Any) -> tuple[RunOutcome, list[str]]:
        flags = {"space": "seed-fc", "epochs": 2, "max_trials": 2, "workers": 1, **other}
        search = SearchRequest(data=source, out=folder / "out", **flags)
        steps: list[str] = []
        request = RunRequest(search, repair_epochs=4, registry=str(folder / "registry"), name="rows")
        return run(request, RunWatch(step=steps.append)), steps

    return _go


@pytest.fixture(scope="module")
def first(go: Callable[..., tuple[RunOutcome, list[str]]]) -> tuple[RunOutcome, list[str]]:
    return go()


def test_what_a_run_leaves(first: tuple[RunOutcome, list[str]], folder: Path) -> None:
    outcome, steps = first
    assert steps == ["search", "repair", "evaluate", "register", "report"]
    assert {path.name for path in (folder / "out").iterdir()} == FILES
    state = json.loads((folder / "out" / "run.json").read_text())
    assert state["finished"]
    assert set(state["seconds"]) == {"search", "repair", "evaluate", "register"}
    assert state["command"].startswith("archmend run --data ")
    assert "--max-trials 2" in state["command"]
    assert outcome.evaluation.test_digest
    lineage = Registry(folder / "registry").show("rows").lineage
    assert (lineage.run, lineage.trial) == ("out", outcome.best.trial)
    assert lineage.test_digest == outcome.evaluation.test_digest


def test_a_refused_run_leaves_nothing(tmp_path: Path) -> None:
    for flags in (
        {"data": "none.npz"},
        {"data": "digits", "max_params": 3},
        {"data": "digits", "learning_rate": 1.0},
    ):
        request = RunRequest(
            SearchRequest(out=tmp_path / "out", **flags), registry=str(tmp_path / "registry")
        )
        with pytest.raises(BadInput):
            run(request)
        assert list(tmp_path.iterdir()) == []


def test_a_run_must_be_resumed_in_words(
    first: object, go: Callable[..., tuple[RunOutcome, list[str]]]
) -> None:
    with pytest.raises(BadInput, match="holds a run; add --resume"):
        go()
    with pytest.raises(BadInput, match="--epochs is 3 and was 2; give the same flags as then"):
        go(resume=True, epochs=3)


@pytest.mark.parametrize(
    ("lost", "again"),
    [
        ([], ["search", "report"]),
        (["registered.json"], ["search", "register", "report"]),
        (["evaluation.json"], ["search", "evaluate", "register", "report"]),
        (["model.keras"], ["search", "repair", "evaluate", "register", "report"]),
    ],
)
def test_only_what_is_missing_is_done_again(
    lost: list[str],
    again: list[str],
    first: tuple[RunOutcome, list[str]],
    go: Callable[..., tuple[RunOutcome, list[str]]],
    folder: Path,
) -> None:
    before = (folder / "out" / "trials.jsonl").read_bytes()
    for name in lost:
        (folder / "out" / name).unlink()
    outcome, steps = go(resume=True)
    assert steps == again
    assert outcome.best == first[0].best
    assert outcome.evaluation.accuracy == first[0].evaluation.accuracy
    assert (folder / "out" / "trials.jsonl").read_bytes() == before
    assert {path.name for path in (folder / "out").iterdir()} == FILES


def test_a_larger_budget_goes_on_and_a_new_best_is_repaired(
    first: tuple[RunOutcome, list[str]], go: Callable[..., tuple[RunOutcome, list[str]]], folder: Path
) -> None:
    outcome, steps = go(resume=True, max_trials=8)
    lines = (folder / "out" / "trials.jsonl").read_text().splitlines()
    assert len(lines) == 8
    changed = outcome.best.architecture != first[0].best.architecture
    assert ("repair" in steps) == changed
    repaired = json.loads((folder / "out" / "repair.json").read_text())
    assert repaired["start"] == outcome.best.architecture
