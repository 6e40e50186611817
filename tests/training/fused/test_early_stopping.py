"""Trials that end early, in populations and by themselves: all others are as if nobody had been compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from archmend.datasets import open_data, write_prepared
from archmend.datasets.mapped import read_arrays
from archmend.search import EarlyStopping, Rung
from archmend.spaces import create_space
from archmend.training import TrainingSettings, trial_seed, weights_file
from archmend.training.fused import trainer as populations
from archmend.training.fused.underway import Underway
from archmend.training.task import Report, Task, order_seed
from archmend.training.trial import Trainer

SPACE = create_space("fc", input_shape=(4,), classes=3)
CODES = (
    "1-8-relu-none-0.3-0.01",
    "2-16-8-elu-batch-0-0.003",
    "1-8-tanh-none-0-0.01",
    "3-32-16-8-relu-none-0-0.003",
    "2-8-64-elu-none-0.1-0.0003",
    "1-128-tanh-batch-0.1-0.001",
)
EPOCHS = 7


@pytest.fixture(scope="module")
def data(small: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(open_data(small), tmp_path_factory.mktemp("data") / "prepared")


def _tasks(rungs: tuple[Rung, ...], order: int | None) -> list[Task]:
    return [Task(n, code, EPOCHS, trial_seed(0, n), order=order, rungs=rungs) for n, code in enumerate(CODES)]


def _ends(data: Path, folder: Path, tasks: list[Task], memory: int | None = None) -> dict[int, Report]:
    told: list[Report] = []
    folder.mkdir()
    settings = TrainingSettings(data, "fc", EPOCHS, 16, weights=folder, memory=memory)
    Trainer(settings, told.append).run_all(tasks)
    return {report.id: report for report in told if report.status != "running"}


def _check(ends: dict[int, Report], plain: dict[int, Report], at: dict[int, tuple[float, ...]]) -> None:
    """Compare a race with the same trainings to their end, by the values that these had at the rungs."""
    going = set(ends)
    for epochs, values in at.items():
        there = {n: values[n] for n in going}
        room = -(-len(there) // 3)
        best = set(sorted(there, key=lambda n: -there[n])[:room])
        tied = {n for n in there if sum(v > there[n] for v in there.values()) < room}
        assert tied >= best
        for n in going - tied:
            assert (ends[n].status, ends[n].epochs) == ("stopped", epochs)
            assert (ends[n].reason or "").startswith("stopped early: its loss")
            assert -ends[n].metrics["loss"] == pytest.approx(values[n], rel=1e-4)
            assert len(ends[n].curve) == epochs
        going = tied
    for n in going:
        assert (ends[n].status, ends[n].epochs) == ("succeeded", EPOCHS)
        assert ends[n].metrics == pytest.approx(plain[n].metrics, rel=1e-3)
        losses = [point.loss for point in plain[n].curve]
        assert [point.loss for point in ends[n].curve] == pytest.approx(losses, rel=1e-3)
        assert [point.epoch for point in ends[n].curve] == list(range(1, EPOCHS + 1))


@pytest.fixture(scope="module")
def to_the_end(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Report]:
    return _ends(data, tmp_path_factory.mktemp("plain") / "weights", _tasks((), order_seed(0)))


@pytest.fixture(scope="module")
def values(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[float, ...]]:
    """What each is worth after one epoch and after three, from trainings that end there."""
    found = {}
    for epochs in (1, 3):
        tasks = [replace(task, epochs=epochs) for task in _tasks((), order_seed(0))]
        ends = _ends(data, tmp_path_factory.mktemp("values") / "weights", tasks)
        found[epochs] = tuple(-ends[n].metrics["loss"] for n in range(len(CODES)))
    return found


RUNGS = EarlyStopping().rungs(4, "loss", ())  # after one epoch and after three


@pytest.mark.parametrize(
    ("sooner", "memory"),
    [
        pytest.param(0.0, None, id="programs go on"),
        pytest.param(float("inf"), None, id="networks are laid out anew"),
        pytest.param(0.0, 1, id="each network is a program"),
    ],
)
def test_a_population_goes_on_with_its_best(
    data: Path,
    tmp_path: Path,
    to_the_end: dict[int, Report],
    values: dict[int, tuple[float, ...]],
    monkeypatch: pytest.MonkeyPatch,
    sooner: float,
    memory: int | None,
) -> None:
    monkeypatch.setattr(populations, "_SOONER", sooner)
    ends = _ends(data, tmp_path / "weights", _tasks(RUNGS, order_seed(0)), memory)
    if memory is None:
        _check(ends, to_the_end, values)
        assert sorted(report.epochs for report in ends.values())[-1] == EPOCHS
        assert sum(report.status == "stopped" for report in ends.values()) >= 4
    else:  # Each comes by itself, and is compared with those before it.
        assert {report.status for report in ends.values()} == {"succeeded", "stopped"}
        best = max(ends, key=lambda n: values[1][n])
        assert ends[best].epochs > 1
        whys = [report.reason or "" for report in ends.values()]
        assert sum(f"of {len(CODES)}" in why for why in whys) <= 1
        assert any(f"of {len(CODES) - 1}" in why or f"of {len(CODES)}" in why for why in whys)
    for number, report in ends.items():
        assert report.curve[0].value is not None
        assert "confusion" in read_arrays(weights_file(tmp_path / "weights", number))


def test_what_the_clock_cuts_behind_a_rung_has_its_value(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(self: Underway, epochs: int, until: float | None, tell: Callable[[Report], None]) -> bool:
        if epochs > 1:
            self.cut = True
            return False
        return train(self, epochs, until, tell)

    train = Underway.train
    monkeypatch.setattr(Underway, "train", trained)
    monkeypatch.setattr(populations, "time", SimpleNamespace(monotonic=lambda: float("inf")))
    told: list[Report] = []
    tasks = [replace(task, deadline=time.monotonic() + 3600) for task in _tasks(RUNGS, order_seed(0))]
    Trainer(TrainingSettings(data, "fc", EPOCHS, 16, weights=tmp_path), told.append).run_all(tasks)
    ends = [report for report in told if report.status != "running"]
    assert {(report.status, report.epochs) for report in ends} == {("stopped", 1.0)}
    assert all(report.metrics and weights_file(tmp_path, report.id).is_file() for report in ends)
    assert sum(report.reason == "the time was over" for report in ends) == 2
    # What a worker has said when it is killed is worth as much.
    said = [report for report in told if report.status == "running" and report.metrics]
    assert {report.id for report in said} == set(range(len(CODES)))
    assert all(report.curve[0].value is not None for report in said)


def test_trials_by_themselves_end_early_by_those_before(data: Path, tmp_path: Path) -> None:
    plain = _ends(data, tmp_path / "plain", _tasks((), None)[1:2])[1]
    hopeless = tuple(replace(rung, known=(-0.01, -0.02, -0.03)) for rung in RUNGS)
    (end,) = _ends(data, tmp_path / "hopeless", _tasks(hopeless, None)[1:2]).values()
    assert (end.status, end.epochs) == ("stopped", 1.0)
    assert "not among the best 2 of 4" in (end.reason or "")
    assert weights_file(tmp_path / "hopeless", 1).is_file()
    easy = tuple(replace(rung, known=(-9.0, -9.0, -9.0)) for rung in RUNGS)
    (end,) = _ends(data, tmp_path / "easy", _tasks(easy, None)[1:2]).values()
    assert (end.status, end.epochs, end.metrics) == ("succeeded", EPOCHS, plain.metrics)
    assert [point.value is not None for point in end.curve] == [True, False, True, *[False] * 4]
