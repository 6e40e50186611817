"""Training that is cut in two and goes on from a state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.networks import build, weights_of
from archmend.networks.resuming import resume, state_of
from archmend.spaces import create_space
from archmend.training.fitting import DeviceRows, Fitting

SPACE = create_space("fc", input_shape=(4,), classes=3)
CODE = "2-8-8-relu-batch-0.3-0.01"


def _net(code: str = CODE, **other: Any) -> Any:
    return build(SPACE, SPACE.parse(code), seed=1, **other)


def _fitted(model: Any, epochs: int, begun: int = 0) -> Any:
    rng = np.random.default_rng(0)
    rows = DeviceRows(rng.normal(size=(50, 4)).astype(np.float32), np.arange(50) % 3)
    fitting = Fitting(model, rows, batch_size=16, seed=5, begun=begun)
    while fitting.epochs < epochs:
        fitting.epoch()
    return model


def test_two_halves_are_the_whole() -> None:
    whole, first, second = _fitted(_net(), 4), _fitted(_net(), 2), _net()
    resume(second, state_of(first))
    _fitted(second, 4, begun=2)
    for a, b in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_learning_rate_is_the_models_own() -> None:
    model = _net("2-8-8-relu-batch-0.3-0.001")
    resume(model, state_of(_fitted(_net(), 1)))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)
    assert int(model.optimizer.iterations) == 4


def test_a_state_of_something_else_is_refused() -> None:
    state = state_of(_fitted(_net(), 1))
    with pytest.raises(BadInput, match="the state is of another network than 'fc'"):
        resume(_net("1-8-relu-none-0-0.01"), state)
    with pytest.raises(BadInput, match="the state has not what the optimiser of 'fc' needs"):
        resume(_net(optimizer="sgd"), state)
    with pytest.raises(BadInput, match="the state has not what the optimiser of 'fc' needs"):
        resume(_net(), weights_of(_net()))
