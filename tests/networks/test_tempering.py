"""How sure a network is that begins with another one's weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from archmend.networks import temper

CLASSES = 4
Y = np.repeat(np.arange(CLASSES), 300)  # by class, as a file may be sorted
ROWS = tf.constant(np.eye(CLASSES, dtype=np.float32)[Y])


def _classifier(answers: np.ndarray, activation: str = "softmax") -> keras.Model:
    """Return a model that gives class k the logits of row k."""
    output = keras.layers.Dense(CLASSES, activation)
    model = keras.Sequential([keras.Input((CLASSES,)), output])
    output.set_weights([answers.astype(np.float32), np.full(CLASSES, 0.5, dtype=np.float32)])
    return model


def _said(model: keras.Model) -> np.ndarray:
    return np.asarray(model(ROWS))


def _loss(model: keras.Model) -> float:
    return float(-np.log(_said(model)[np.arange(len(Y)), Y]).mean())


def test_who_is_sure_and_wrong_errs_hardly_more_than_who_knows_nothing() -> None:
    model = _classifier(6 * np.roll(np.eye(CLASSES), 1, axis=0))
    before = _said(model)
    assert _loss(model) > 5
    assert temper(model, ROWS, tf.constant(Y)) < 1.0
    assert np.log(CLASSES) < _loss(model) <= 1.2 * np.log(CLASSES) + 1e-3
    np.testing.assert_array_equal(before.argmax(axis=1), _said(model).argmax(axis=1))


@pytest.mark.parametrize("right", [1.0, 0.95])
def test_who_is_mostly_right_stays_as_sure(right: float) -> None:
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(len(Y)) < right, Y, rng.integers(CLASSES, size=len(Y)))
    model = _classifier(12 * np.eye(CLASSES))
    before = _said(model)
    assert temper(model, ROWS, tf.constant(labels)) == 1.0
    np.testing.assert_array_equal(_said(model), before)


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_other_outputs_are_left_alone(activation: str) -> None:
    model = _classifier(12 * np.roll(np.eye(CLASSES), 1, axis=0), activation)
    assert temper(model, ROWS, tf.constant(Y)) == 1.0
    assert model.layers[-1].kernel.numpy().max() == 12
