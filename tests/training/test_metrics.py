"""Metrics against their definitions and against Keras and scikit-learn."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from archmend.training import classification_metrics, confusion_counts


def _drawn(seed: int, rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), size=rows), rng.integers(classes, size=rows)


def test_metrics_are_those_of_keras_and_scikit_learn() -> None:
    probabilities, y = _drawn(0, 200, 4)
    found = classification_metrics(probabilities, y, 4)
    loss = keras.losses.SparseCategoricalCrossentropy()(y, probabilities)
    assert found["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert found["average_precision"] == pytest.approx(
        average_precision_score(np.eye(4)[y], probabilities, average="macro")
    )
    assert found["accuracy"] == (probabilities.argmax(axis=1) == y).sum() / 200


def test_a_class_without_rows_is_left_out_of_the_mean() -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0]])
    found = classification_metrics(probabilities, np.array([0, 1, 0]), 3)
    assert found["average_precision"] == 1.0


def test_certain_and_wrong_is_a_finite_loss() -> None:
    found = classification_metrics(np.array([[1.0, 0.0]]), np.array([1]), 2)
    assert found["loss"] == pytest.approx(-np.log(1e-7))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 30), classes=st.integers(2, 5))
def test_counts_of_each_class_add_up(seed: int, rows: int, classes: int) -> None:
    probabilities, y = _drawn(seed, rows, classes)
    counts = confusion_counts(probabilities, y, classes)
    tp, tn, fp, fn = counts.T
    assert (counts.sum(axis=1) == rows).all()
    np.testing.assert_array_equal(tp + fn, np.bincount(y, minlength=classes))
    assert fp.sum() == fn.sum()
    assert (tn >= 0).all()
    assert tp.sum() / rows == pytest.approx(classification_metrics(probabilities, y, classes)["accuracy"])
