"""Scripted statistics in, symptoms out."""

from __future__ import annotations

import math
from typing import Any

import pytest

from archmend.repair import EpochRecord, LayerStatistics, Symptom, TrainingStatistics
from archmend.repair.detectors import DETECTORS
from archmend.repair.watch import ACT, symptoms


def layer(name: str, **changes: Any) -> LayerStatistics:
    healthy: dict[str, Any] = {
        "activation": "relu",
        "output": False,
        "gradient_norm": 0.1,
        "weight_norm": 3.0,
        "entropy": 0.8,
        "dormant": 0.1,
        "inactive": 0.1,
    }
    return LayerStatistics(name, **{**healthy, **changes})


HEALTHY = (layer("a"), layer("b"), layer("out", output=True, activation="softmax"))


def statistics(**changes: Any) -> TrainingStatistics:
    common: dict[str, Any] = {"epoch": 0, "batch": 0, "steps": 0, "epochs": 20, "batches_per_epoch": 60}
    return TrainingStatistics(**{**common, "chance": 0.5, "validation_rows": 400, **changes})


def epochs(losses: list[float], accuracy: list[float], val_loss: list[float], val: list[float]) -> Any:
    rows = zip(losses, accuracy, val_loss, val, strict=True)
    return tuple(EpochRecord(i, *row, 1e-3, 0.1) for i, row in enumerate(rows))


def seen(found: TrainingStatistics) -> Symptom | None:
    return next((s for s in symptoms(DETECTORS.create_all(), found) if s.confidence >= ACT), None)


def named(found: TrainingStatistics) -> tuple[str, str | None] | None:
    symptom = seen(found)
    return None if symptom is None else (symptom.name, symptom.layer)


def test_healthy_layers_and_falling_losses_show_nothing() -> None:
    assert seen(statistics(layers=HEALTHY)) is None
    losses = tuple(2.0 * 0.97**i for i in range(100))
    assert seen(statistics(layers=HEALTHY, losses=losses, steps=100)) is None
    falling = [2.0 * 0.8**i for i in range(10)]
    rising = [0.5 + 0.04 * i for i in range(10)]
    history = epochs(falling, rising, falling, rising)
    assert seen(statistics(epoch=10, steps=600, history=history, epoch_end=True)) is None


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_fatal_at_once(loss: float) -> None:
    symptom = seen(statistics(losses=(0.7, loss), steps=2))
    assert symptom is not None
    assert (symptom.name, symptom.fatal) == ("exploding", True)


def test_exploding_names_the_first_layer_that_is_not_finite() -> None:
    bad = {"finite": False, "finite_output": False}
    layers = (layer("a"), layer("b", **bad), layer("c", **bad, output=True))
    assert named(statistics(layers=layers)) == ("exploding", "b")


def test_a_blow_up_is_seen_and_a_single_hard_batch_is_not() -> None:
    calm = [0.5] * 30
    assert seen(statistics(losses=(*calm, 9.0), steps=31)) is None
    assert named(statistics(losses=(*calm, *[20.0] * 10), steps=40)) == ("exploding", None)
    assert named(statistics(losses=(0.5, 1e3), steps=2)) == ("exploding", None)


def test_a_task_whose_loss_is_large_from_the_start_is_not_exploding() -> None:
    assert seen(statistics(losses=(5e3, 4e3), steps=2)) is None


def test_vanishing_by_a_signal_that_no_longer_depends_on_the_input() -> None:
    layers = (layer("a"), layer("b", entropy=1e-7, activation="sigmoid"), *HEALTHY[2:])
    symptom = seen(statistics(layers=layers))
    assert symptom is not None
    assert (symptom.name, symptom.layer) == ("vanishing", "b")
    assert symptom.evidence["entropy"] == 1e-7


def test_vanishing_by_gradients_counts_only_in_the_first_batches() -> None:
    layers = (layer("a", gradient_norm=1e-6, activation="tanh"), *HEALTHY[1:])
    assert named(statistics(layers=layers)) == ("vanishing", "a")
    assert seen(statistics(layers=layers, epoch=5, steps=300)) is None


def test_dying_layers_and_signals_that_dead_units_end() -> None:
    dead = (layer("a"), layer("b", inactive=1.0, entropy=0.0), *HEALTHY[2:])
    assert named(statistics(layers=dead)) == ("dying", "b")
    fading = (layer("a", inactive=0.4), layer("b", inactive=0.4, entropy=1e-5), *HEALTHY[2:])
    assert named(statistics(layers=fading)) == ("dying", "b")
    faint = (layer("a", scale=0.1), layer("b", scale=1e-6, entropy=1e-9), layer("c", scale=1e-9), HEALTHY[-1])
    assert named(statistics(layers=faint)) == ("dying", "b")
    assert named(statistics(layers=(layer("a", scale=0.1), layer("b", scale=1e-3), *HEALTHY[2:]))) is None
    silent_tanh = (layer("a", activation="tanh", inactive=1.0), *HEALTHY[1:])
    assert named(statistics(layers=silent_tanh)) is None


def test_slow_convergence_needs_enough_epochs_and_steps() -> None:
    flat, half = [0.694, 0.693, 0.693, 0.693], [0.5] * 4
    history = epochs(flat, half, flat, half)
    assert named(statistics(epoch=4, steps=240, history=history, epoch_end=True)) == (
        "slow_convergence",
        None,
    )
    assert seen(statistics(epoch=2, steps=240, history=history[:2], epoch_end=True)) is None
    assert seen(statistics(epoch=4, steps=40, history=history, epoch_end=True)) is None
    under_way = epochs(flat, [0.5, 0.6, 0.7, 0.7], flat, half)
    assert seen(statistics(epoch=4, steps=240, history=under_way, epoch_end=True)) is None


def test_overfitting_needs_a_fall_beyond_the_noise_of_the_rows() -> None:
    loss, right = [0.5 - 0.04 * i for i in range(12)], [0.7 + 0.025 * i for i in range(12)]
    up = [0.5, 0.45, 0.4, 0.4, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    fallen = [0.7, 0.75, 0.8, 0.8, 0.8, 0.79, 0.78, 0.74, 0.7, 0.7, 0.7, 0.7]
    late = {"epoch": 12, "steps": 720, "epoch_end": True}
    assert named(statistics(history=epochs(loss, right, up, fallen), **late)) == ("overfitting", None)
    assert seen(statistics(history=epochs(loss, right, up, [0.8] * 12), **late)) is None
    few_rows = statistics(history=epochs(loss, right, up, fallen), **{**late, "validation_rows": 20})
    assert seen(few_rows) is None
