"""What the labels demand of output activation and loss, and that it is made so."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair import Bench, Symptom
from archmend.repair.constraints import Constraints
from archmend.repair.outputs import correction, head_of, loss_name, measured_by
from archmend.repair.remedies import REMEDIES
from archmend.repair.targets import targets_of

L, losses = keras.layers, keras.losses
COLUMN = np.array([[0.0], [1.0], [1.0]])
ONEHOT = np.eye(3)
INDEX = np.array([0, 2, 1])
WRONG = Symptom("wrong_output")


def headed(units: int, activation: str | None, loss: Any, *after: Any) -> Any:
    head = L.Dense(units, activation, name="head")
    model = keras.Sequential([keras.Input((2,)), L.Dense(4, "relu", name="hidden"), head, *after])
    model.compile("sgd", loss)
    return model


def own(y: Any, p: Any) -> Any:
    return keras.ops.mean(keras.ops.square(y - p), axis=-1)


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y", "expected"),
    [
        (1, "softmax", "binary_crossentropy", COLUMN, ("sigmoid", None)),
        (1, "relu", "binary_crossentropy", COLUMN, ("sigmoid", None)),
        (1, None, "binary_crossentropy", COLUMN, ("sigmoid", None)),
        (3, None, "categorical_crossentropy", ONEHOT, ("softmax", None)),
        (3, "relu", "sparse_categorical_crossentropy", INDEX, ("softmax", None)),
        (3, "relu", losses.SparseCategoricalCrossentropy(from_logits=True), INDEX, ("linear", None)),
        (1, "softmax", "mse", COLUMN, ("sigmoid", "binary_crossentropy")),
        (1, None, "mse", COLUMN, ("sigmoid", "binary_crossentropy")),
        (1, "sigmoid", "mae", COLUMN, (None, "binary_crossentropy")),
        (3, "softmax", "mean_squared_error", ONEHOT, (None, "categorical_crossentropy")),
        (3, None, "mse", np.array([[1.0, 1.0, 0.0]]), ("sigmoid", "binary_crossentropy")),
        (1, "softmax", "mse", COLUMN * 3.5, ("linear", None)),
        (1, "relu", "mse", COLUMN - 0.5, ("linear", None)),
        (1, "sigmoid", "mse", COLUMN * 20, ("linear", None)),
        (1, "softmax", "hinge", COLUMN * 2 - 1, ("linear", None)),
        (1, "softmax", "categorical_crossentropy", COLUMN, ("sigmoid", "binary_crossentropy")),
    ],
)
def test_what_does_not_fit_is_named(units: int, activation: Any, loss: Any, y: Any, expected: Any) -> None:
    found = correction(headed(units, activation, loss), targets_of(y))
    assert found is not None
    assert (found.activation, found.loss) == expected


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y"),
    [
        (1, "sigmoid", "binary_crossentropy", COLUMN),
        (3, "softmax", "categorical_crossentropy", ONEHOT),
        (3, "sigmoid", "binary_crossentropy", ONEHOT),
        (3, None, losses.CategoricalCrossentropy(from_logits=True), ONEHOT),
        (1, None, "mse", COLUMN * 3.5),
        (1, "relu", "mse", COLUMN * 3.5),
        (1, None, "mse", np.array([[0.0], [3.0], [7.0]])),
        (1, "softmax", own, COLUMN),
        (1, None, own, COLUMN),
    ],
)
def test_what_fits_and_what_is_the_users_own_is_left_alone(
    units: int, activation: Any, loss: Any, y: Any
) -> None:
    model, limits = headed(units, activation, loss), Constraints(targets=targets_of(y))
    assert correction(model, limits.targets) is None
    assert not REMEDIES.create("correct_output").applicable(model, WRONG, limits)


def test_probabilities_told_to_be_logits() -> None:
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    found = correction(headed(3, "softmax", loss), None)
    assert found is not None
    assert found.activation is None
    assert found.loss.get_config()["from_logits"] is False
    assert found.loss.get_config()["label_smoothing"] == 0.1


def test_an_activation_under_the_outputs_own_goes() -> None:
    model = headed(3, "relu", "categorical_crossentropy", L.Softmax(name="end"))
    found = correction(model, None)
    assert found is not None
    assert (found.activation, found.under) == (None, "head")
    edited = REMEDIES.create("correct_output").apply(
        model, WRONG, Bench(Constraints(), np.random.default_rng(0), np.zeros((2, 2)))
    )
    assert edited.get_layer("head").activation.__name__ == "linear"
    assert isinstance(edited.get_layer("end"), L.Softmax)


def test_without_labels_a_regression_is_not_doubted() -> None:
    assert correction(headed(1, None, "mse"), None) is None


def test_the_output_is_corrected_in_a_copy_that_learns() -> None:
    keras.utils.set_random_seed(0)
    model = headed(1, None, losses.MeanSquaredError(reduction="sum"), L.Activation("softmax", name="end"))
    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    limits, remedy = Constraints(targets=targets_of(y)), REMEDIES.create("correct_output")
    assert remedy.applicable(model, WRONG, limits)
    edited = remedy.apply(model, WRONG, Bench(limits, np.random.default_rng(0), x, y))
    assert head_of(edited).activation == "sigmoid"  # type: ignore[union-attr]
    assert loss_name(edited) == "binary_crossentropy"
    assert edited.loss.reduction == "sum"
    assert (head_of(model).activation, loss_name(model)) == ("softmax", "mean_squared_error")  # type: ignore[union-attr]
    assert np.array_equal(edited.get_layer("head").kernel, model.get_layer("head").kernel)
    assert not remedy.applicable(edited, WRONG, limits)


def test_a_frozen_output_layer_is_not_changed_and_its_loss_is() -> None:
    remedy = REMEDIES.create("correct_output")
    limits = Constraints(frozen=frozenset({"head"}), targets=targets_of(COLUMN))
    assert not remedy.applicable(headed(1, None, "mse"), WRONG, limits)
    assert remedy.applicable(headed(1, "sigmoid", "mse"), WRONG, limits)


def test_classes_under_a_regression_loss_are_measured_as_classes() -> None:
    model = headed(3, None, "mse")
    labels = measured_by(model, targets_of(ONEHOT))
    assert labels.kind == "onehot"
    output = np.array([[-1.0, 0.5, 0.5], [0.0, 0.0, 0.0]], "float32")
    truth = ONEHOT[[1, 0]].astype("float32")
    np.testing.assert_allclose(labels.row_losses(truth, output), [np.log(2), -np.log(1e-7)], rtol=1e-5)
    assert measured_by(headed(1, None, "mse"), targets_of(COLUMN * 3.5)).kind == "other"


@pytest.mark.parametrize(
    ("y", "form"),
    [
        (COLUMN, "zero_one"),
        (np.array([True, False]), "zero_one"),
        (INDEX, "whole"),
        (ONEHOT, "onehot"),
        (np.array([[1, 1], [0, 1]]), "multihot"),
        (COLUMN * 2 - 1, "numbers"),
        (np.array(["a", "b"]), "numbers"),
    ],
)
def test_forms_of_labels(y: Any, form: str) -> None:
    assert targets_of(y).form == form
