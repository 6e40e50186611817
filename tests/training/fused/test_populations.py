"""Populations inside workers, as a search has them."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from archmend.datasets import open_data, write_prepared
from archmend.datasets.mapped import read_arrays
from archmend.networks import build, weights_of
from archmend.search import Suggestion, TrialResult
from archmend.spaces import create_space
from archmend.training import PooledEvaluator, TrainingSettings, trial_seed, weights_file
from archmend.training.task import Report, Task, order_seed
from archmend.training.trial import Trainer

SPACE = create_space("fc", input_shape=(4,), classes=3)
CODES = ("1-8-relu-none-0.3-0.01", "2-16-8-elu-batch-0-0.003", "1-8-tanh-none-0-0.01")


@pytest.fixture(scope="module")
def data(small: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(open_data(small), tmp_path_factory.mktemp("data") / "prepared")


def _asked(number: int, epochs: int | None = None) -> Suggestion:
    return Suggestion(number, SPACE.parse(CODES[number % 3]), epochs)


def _task(number: int, epochs: int = 2, **other: object) -> Task:
    code = CODES[number % 3]
    return Task(number, code, epochs, trial_seed(0, number), order=order_seed(0), **other)  # type: ignore[arg-type]


def _run(trainer: Trainer, told: list[Report], *tasks: Task) -> dict[int, Report]:
    told.clear()
    trainer.run_all(tasks)
    return {report.id: report for report in told if report.status != "running"}


def test_trials_of_a_population_are_those_of_keras(data: Path, tmp_path: Path) -> None:
    told: list[Report] = []
    settings = TrainingSettings(data, "fc", 2, 16, weights=tmp_path)
    trainer = Trainer(settings, told.append)
    ends = _run(trainer, told, *(_task(number) for number in range(3)))
    assert {report.status for report in ends.values()} == {"succeeded"}
    assert {report.epochs for report in ends.values()} == {2.0}
    for number, report in ends.items():
        model = build(SPACE, SPACE.parse(CODES[number]), seed=trial_seed(0, number))
        assert report.params == model.count_params() - (2 * (16 + 8) if "batch" in CODES[number] else 0)
        kept = read_arrays(weights_file(tmp_path, number))
        own = weights_of(model)
        assert set(kept) == {*own, "confusion"}
        assert kept["structure"].tobytes() == own["structure"].tobytes()
        for name, value in own.items():
            assert kept[name].shape == value.shape
    # A child begins with its parent's weights, whichever way either was trained.
    inherited = _run(trainer, told, _task(4, parent=weights_file(tmp_path, 1)))
    assert inherited[4].metrics["loss"] < ends[1].metrics["loss"]


def test_a_trial_that_goes_on_is_one_that_was_never_cut(data: Path, tmp_path: Path) -> None:
    told: list[Report] = []
    trainer = Trainer(TrainingSettings(data, "fc", 2, 16, weights=tmp_path), told.append)
    whole = _run(trainer, told, _task(1, 3, whole_state=True))[1]
    _run(trainer, told, _task(1, 2, whole_state=True))
    rest = _run(trainer, told, _task(1, 3, begun=2, parent=weights_file(tmp_path, 1), whole_state=True))[1]
    assert rest.epochs == 1.0
    assert rest.metrics == pytest.approx(whole.metrics, abs=1e-6)


def test_a_deadline_stops_a_population_and_measures_it(data: Path) -> None:
    told: list[Report] = []
    trainer = Trainer(TrainingSettings(data, "fc", 2, 16), told.append)
    _run(trainer, told, _task(0))  # compiled
    (end,) = _run(trainer, told, _task(0, 1_000_000, deadline=time.monotonic() + 3)).values()
    assert (end.status, end.reason) == ("stopped", "the time was over")
    assert end.epochs > 0
    assert set(end.metrics) == {"accuracy", "average_precision", "loss"}


def test_a_population_that_is_killed_is_trained_again_in_halves(data: Path) -> None:
    settings = TrainingSettings(data, "fc", 150, 16)
    with PooledEvaluator(settings, population=2) as pool:
        for number in range(2):
            pool.submit(_asked(number))

        def kill() -> None:
            while not (pool._workers and pool._workers[0].report):
                time.sleep(0.002)
            os.kill(pool._workers[0].process.pid, signal.SIGKILL)

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        results: list[TrialResult] = [pool.next_result() for _ in range(2)]
        thread.join()
    assert sorted(result.id for result in results) == [0, 1]
    assert {result.status for result in results} == {"succeeded"}
