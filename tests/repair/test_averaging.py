"""The average of the later epochs is one more candidate, and nothing else."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair import fit
from archmend.repair.averaging import LEVEL, _level
from archmend.repair.run import Validation


def _noisy(normalized: bool) -> keras.Model:
    """Return a network whose learning rate is so high that its last epochs jump about."""
    keras.utils.set_random_seed(3)
    layers: list[Any] = [keras.Input((2,)), keras.layers.Dense(32)]
    layers += [keras.layers.BatchNormalization()] if normalized else []
    layers += [keras.layers.Activation("relu"), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def moons() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    from sklearn.datasets import make_moons

    x, y = make_moons(600, noise=0.3, random_state=0)
    return (x[:300].astype("float32"), y[:300]), (x[300:].astype("float32"), y[300:])


@pytest.mark.parametrize("normalized", [False, True])
def test_it_is_a_candidate_with_its_own_figures(normalized: bool, moons: Any) -> None:
    train, validation = moons
    result = fit(_noisy(normalized), train, validation, epochs=12, batch_size=16)
    (averaged,) = [c for c in result.candidates if c.name == "averaged"]
    assert not averaged.kept
    assert averaged.value > 0.8
    _, accuracy = result.model.evaluate(*validation, verbose=0)
    assert accuracy == pytest.approx(result.candidates[result.best].value, abs=1e-6)
    assert len(result.history["loss"]) == 12


def test_it_is_the_mean_of_the_later_epochs(moons: Any) -> None:
    train, validation = moons
    seen: list[list[np.ndarray]] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(self.model.get_weights())

    result = fit(_noisy(False), train, validation, epochs=8, batch_size=16, callbacks=[Watch()])
    mean = _noisy(False)
    mean.set_weights([np.mean(past, axis=0) for past in zip(*seen[4:], strict=True)])
    loss, accuracy = mean.evaluate(*validation, verbose=0)
    assert result.candidates[-1].name == "averaged"
    assert result.candidates[-1].value == pytest.approx(accuracy, abs=1e-6)
    assert result.candidates[-1].loss == pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize(("wrong", "level"), [(0, True), (3, True), (12, True), (40, False)])
def test_it_is_taken_unless_it_is_surely_less_accurate(wrong: int, level: bool) -> None:
    rng = np.random.default_rng(0)
    correct = (rng.random(300) < 0.85).astype("float32")
    # Both are wrong on as many rows that the other has right, but for `wrong` more.
    other, right, missed = correct.copy(), np.flatnonzero(correct), np.flatnonzero(1 - correct)
    other[right[: 20 + wrong]], other[missed[:20]] = 0, 1

    def of(hits: np.ndarray) -> Validation:
        return Validation(0.5, float(hits.mean()), np.zeros(300), hits)

    assert _level(of(correct), of(other), LEVEL) is level


def test_few_epochs_have_no_average(moons: Any) -> None:
    train, validation = moons
    result = fit(_noisy(False), train, validation, epochs=4, batch_size=16)
    assert [c.name for c in result.candidates] == ["untouched"]
