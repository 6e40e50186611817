"""The benchmark's own training makes the steps that Keras makes, and scores what a network says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from benchmarks.repair.faults import generate
from benchmarks.repair.healthy import dense
from benchmarks.repair.network import build
from benchmarks.repair.parts import Parts
from benchmarks.repair.scoring import accuracy, classes, predicted
from benchmarks.repair.small_data import parts
from benchmarks.repair.training import Best, Epoch, Training, first_at


def test_one_batch_an_epoch_makes_the_steps_that_keras_makes() -> None:
    # With all rows in one batch the order of the rows cannot matter.
    layers = (dense(8, "tanh"), dense(3, "softmax"))
    case = replace(generate(1, fault="healthy"), data="iris", input_shape=(4,), layers=layers)
    rows = parts(case)
    whole = len(rows.train[0])
    ours, theirs = build(case, 0), build(case, 0)
    training = Training(ours, rows, whole, seed=0)
    for _ in range(3):
        training.epoch()
    told = theirs.fit(*rows.train, epochs=3, batch_size=whole, validation_data=rows.validation, verbose=0)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose([e.loss for e in training.history], told.history["loss"], rtol=1e-3)
    np.testing.assert_allclose(
        [e.val_accuracy for e in training.history], told.history["val_accuracy"], atol=1e-6
    )


def test_every_row_of_an_epoch_is_trained_once_also_in_a_smaller_last_batch() -> None:
    case = replace(generate(1, fault="healthy"), rows=50)
    training = Training(build(case, 0), parts(case), 16, seed=0)
    training.epoch()
    assert int(training.model.optimizer.iterations) == 4


def test_classes_are_read_from_any_form_of_labels_and_outputs() -> None:
    assert list(classes(np.array([[0.0, 1], [1, 0]]))) == [1, 0]
    assert list(classes(np.array([[1.0], [0]]))) == [1, 0]
    assert list(classes(np.array([2, 0]))) == [2, 0]
    assert list(predicted(np.array([[0.2], [0.7], [np.nan]]), 0.5)) == [0, 1, 0]
    assert list(predicted(np.array([[0.2, 0.1], [0, np.inf]]), 0.5)) == [0, 0]


def test_the_best_epoch_is_scored_and_the_network_keeps_its_weights() -> None:
    case = generate(1, fault="healthy")
    rows = parts(case)
    model = build(case, 0)
    best = Best()
    best.offer(model, Epoch(1.0, 0.5, 1.0, 0.9))
    good = accuracy(model, *rows.fresh)
    model.set_weights([0 * weight for weight in model.get_weights()])
    best.offer(model, Epoch(1.0, 0.5, 0.5, 0.4))
    assert best.score(Parts(rows.train, rows.validation, rows.fresh)) == good
    assert not any(np.any(weight) for weight in model.get_weights())


def test_the_first_epoch_at_a_value_counts_from_one() -> None:
    history = [Epoch(1, 0.5, 1, value) for value in (0.5, 0.81, 0.7, 0.9)]
    assert first_at(history, 0.8) == 2
    assert first_at(history, 0.95) is None
