"""What becomes of a trial inside a worker, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archmend.datasets import open_data, write_prepared
from archmend.datasets.mapped import read_arrays, write_arrays
from archmend.errors import Unavailable
from archmend.training import TrainingSettings, kept, trial, trial_seed, weights_file
from archmend.training.task import Report, Task
from archmend.training.trial import Trainer


@pytest.fixture(scope="module")
def data(small: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(open_data(small), tmp_path_factory.mktemp("data") / "prepared")


def _trainer(data: Path, told: list[Report] | None = None, **other: Any) -> Trainer:
    settings = TrainingSettings(**{"data": data, "space": "seed-fc", "epochs": 2, **other})
    return Trainer(settings, (told if told is not None else []).append)


def _task(number: int = 0, **other: Any) -> Task:
    return Task(**{"id": number, "architecture": "2-6", "epochs": 2, "seed": trial_seed(0, number), **other})


def test_a_trial_says_how_far_it_is_and_keeps_its_weights(data: Path, tmp_path: Path) -> None:
    told: list[Report] = []
    trainer = _trainer(data, told, weights=tmp_path)
    report = trainer.run(_task(7))
    assert [(r.status, r.epochs) for r in told] == [("running", 1.0), ("running", 2.0)]
    assert (report.status, report.epochs, report.reason) == ("succeeded", 2.0, None)
    assert set(report.metrics) == {"accuracy", "average_precision", "loss"}
    assert report.params == 4 * 6 + 6 + 6 * 6 + 6 + 6 * 3 + 3
    assert report.flops == 2 * (4 * 6 + 6 * 6 + 6 * 3)
    held = read_arrays(weights_file(tmp_path, 7))
    assert held["confusion"].sum(axis=1).tolist() == [18, 18, 18]
    assert trainer.run(_task(7)) == report


def test_a_trial_begins_with_its_parents_weights(data: Path, tmp_path: Path) -> None:
    trainer = _trainer(data, weights=tmp_path, learning_rate=1e-12)
    trainer.run(_task(0))
    trainer.run(_task(1, parent=weights_file(tmp_path, 0)))
    parent, child = (read_arrays(weights_file(tmp_path, number)) for number in (0, 1))
    for place, values in parent.items():
        np.testing.assert_allclose(child[place], values, atol=1e-6)


def test_a_trial_that_is_not_what_its_parent_is_begins_unsure(data: Path, tmp_path: Path) -> None:
    trainer = _trainer(data, weights=tmp_path, learning_rate=1e-12)
    trainer.run(_task(0))
    parent = read_arrays(weights_file(tmp_path, 0))
    sure_and_wrong = {**parent, "output-1-0": -60 * parent["output-1-0"]}
    with (tmp_path / "parent.npz").open("wb") as stream:
        write_arrays(stream, sure_and_wrong)
    wider, narrower = (
        trainer.run(_task(number, architecture=code, parent=tmp_path / "parent.npz")).metrics["loss"]
        for number, code in enumerate(("2-9", "2-4"), start=1)
    )
    # One that computes what its parent does stays as it is, for that is what was asked for.
    assert wider > 3 * np.log(3)
    assert narrower < 1.4 * np.log(3)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_trial_that_goes_on_is_one_that_was_never_cut(data: Path, tmp_path: Path, optimizer: str) -> None:
    trainer = _trainer(data, weights=tmp_path, optimizer=optimizer)
    first = trainer.run(_task(0, epochs=1, whole_state=True))
    seed = trial_seed(0, 0)
    more = trainer.run(_task(1, epochs=3, begun=1, seed=seed, parent=weights_file(tmp_path, 0)))
    whole = trainer.run(_task(2, epochs=3, seed=seed))
    assert (first.reason, more.reason, whole.reason) == (None, None, None)
    assert (first.epochs, more.epochs, whole.epochs) == (1.0, 2.0, 3.0)
    assert more.metrics == whole.metrics
    on, at_once = (read_arrays(weights_file(tmp_path, number)) for number in (1, 2))
    assert set(on) == set(at_once)
    for place, values in at_once.items():
        np.testing.assert_array_equal(on[place], values)


def test_a_trial_begins_with_what_weights_a_whole_state_has(data: Path, tmp_path: Path) -> None:
    trainer = _trainer(data, weights=tmp_path, learning_rate=1e-12)
    trainer.run(_task(0, whole_state=True))
    trainer.run(_task(1, parent=weights_file(tmp_path, 0)))
    parent, child = (read_arrays(weights_file(tmp_path, number)) for number in (0, 1))
    for place, values in child.items():
        np.testing.assert_allclose(parent[place], values, atol=1e-6)


def test_a_loss_that_is_not_finite_is_a_failed_trial(data: Path) -> None:
    report = _trainer(data, optimizer="sgd", learning_rate=1e30).run(_task())
    assert report.status == "failed"
    assert "not finite" in (report.reason or "")
    assert report.metrics == {}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError("Unable to allocate 7 GiB"), "out of memory"),
        (type("ResourceExhaustedError", (Exception,), {})("OOM when allocating"), "out of memory"),
        (ValueError("no\nsecond line"), "ValueError: no"),
    ],
)
def test_what_goes_wrong_is_a_failed_trial(
    data: Path, error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    trainer = _trainer(data)
    with monkeypatch.context() as patch:
        patch.setattr(trial, "build", fail)
        report = trainer.run(_task())
    assert (report.status, report.reason) == ("failed", reason)
    assert trainer.run(_task()).status == "succeeded"


def test_a_full_disk_is_no_trials_fault(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(kept, "open_atomic", full)
    with pytest.raises(Unavailable, match="the disk is full"):
        _trainer(data, weights=tmp_path).run(_task())


def test_a_latency_over_the_limit_is_rejected_before_training(data: Path) -> None:
    told: list[Report] = []
    report = _trainer(data, told, latency=True, latency_limit=1e-9).run(_task())
    assert report.status == "rejected"
    assert (report.reason or "").startswith("latency_ms ")
    assert report.latency_ms is not None
    assert told == []


def test_a_trial_at_the_limit_has_no_value_if_nothing_was_trained(data: Path) -> None:
    report = _trainer(data).run(_task(deadline=0.0))
    assert (report.status, report.reason, report.epochs) == ("stopped", "the time was over", 0.0)
    assert report.metrics == {}


def test_seeds_of_trials() -> None:
    seeds = {trial_seed(seed, number) for seed in range(20) for number in range(50)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**31 for seed in seeds)
