"""The compiled loop trains as Keras does, and where the clock is looked at changes nothing."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from archmend.networks import build
from archmend.spaces import create_space
from archmend.training.fitting import DeviceRows, Fitting, NotFiniteError, predict

SPACE = create_space("fc", input_shape=(4,), classes=3)
CODE = "2-16-8-relu-batch-0-0.01"
BATCH = 16


def _rows(count: int = 100) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(count) % 3
    return (rng.normal(size=(count, 4)) + y[:, None]).astype(np.float32), y


def _model(code: str = CODE) -> Any:
    return build(SPACE, SPACE.parse(code), seed=1)


def test_an_epoch_is_the_one_of_keras_in_the_same_order() -> None:
    x, y = _rows()
    ours, theirs = _model(), _model()
    Fitting(ours, DeviceRows(x, y), batch_size=BATCH, seed=5).epoch()
    order = np.random.default_rng(5).permutation(len(y))
    for first in range(0, len(y), BATCH):  # the last batch is smaller
        chosen = order[first : first + BATCH]
        theirs.train_on_batch(x[chosen], y[chosen])
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    assert int(ours.optimizer.iterations) == math.ceil(len(y) / BATCH)
    np.testing.assert_allclose(predict(ours, DeviceRows(x, y)), ours.predict(x, verbose=0), atol=1e-6)


def test_looking_at_the_clock_changes_nothing() -> None:
    x, y = _rows()
    whole, watched = _model("1-8-relu-none-0.3-0.01"), _model("1-8-relu-none-0.3-0.01")
    for model, deadline in ((whole, None), (watched, time.monotonic() + 3600)):
        fitting = Fitting(model, DeviceRows(x, y), batch_size=BATCH, seed=5)
        assert all(fitting.epoch(deadline) for _ in range(2))
        assert fitting.epochs == 2
    for a, b in zip(whole.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_deadline_cuts_within_an_epoch_and_leaves_time_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock on which each batch takes a millisecond."""
    x, y = _rows(60_000)
    fitting = Fitting(_model(), DeviceRows(x, y), batch_size=1, seed=5, measured=100)
    clock, train = SimpleNamespace(now=0.0), fitting._stretch

    def timed(order: Any, first: int, last: int) -> Any:
        clock.now += (last - first) * 0.001
        return train(order, first, last)

    fitting._stretch = timed
    monkeypatch.setattr("archmend.training.fitting.time", SimpleNamespace(monotonic=lambda: clock.now))
    assert fitting.epoch(2.5) is False
    assert 1.0 < clock.now < 2.5
    assert 0 < fitting.epochs < 1


def test_a_deadline_that_is_over_trains_nothing() -> None:
    fitting = Fitting(_model(), DeviceRows(*_rows()), batch_size=BATCH, seed=5)
    assert fitting.epoch(time.monotonic() - 1) is False
    assert fitting.epochs == 0


@pytest.mark.parametrize("deadline", [None, math.inf])
def test_a_loss_that_is_not_finite(deadline: float | None) -> None:
    x, y = _rows()
    fitting = Fitting(_model(), DeviceRows(x, y), batch_size=BATCH, seed=5)
    assert fitting.epoch(deadline)
    fitting.model.layers[-1].bias.assign([np.nan] * 3)
    with pytest.raises(NotFiniteError):
        fitting.epoch(deadline)
    assert fitting.epochs == 1
