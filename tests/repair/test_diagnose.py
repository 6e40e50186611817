"""Real small networks are looked at, and stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.repair import diagnose


def dense(units: int = 16, activation: str = "relu", **changes: Any) -> Any:
    return keras.layers.Dense(units, activation=activation, kernel_initializer="he_normal", **changes)


def sure(found: Any) -> list[tuple[str, str | None]]:
    return [(one.symptom, one.layer) for one in found.findings if one.sure]


def test_a_healthy_network_shows_nothing_and_is_left_as_it_was(chain: Callable[..., Any], ring: Any) -> None:
    model = chain(dense(), dense())
    before = [w.copy() for w in model.get_weights()]
    found = diagnose(model, *ring, batches=24)
    assert sure(found) == []
    assert found.batches == 24
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))
    assert int(model.optimizer.iterations) == 0


def test_vanishing_is_named_with_its_layer(chain: Callable[..., Any], ring: Any) -> None:
    model = chain(*(dense(8, "sigmoid", name=f"hidden_{n}") for n in range(8)))
    (first, *_) = sure(diagnose(model, *ring, batches=0))
    assert first[0] == "vanishing"
    assert first[1] is not None
    assert first[1].startswith("hidden_")


def test_a_rate_that_overshoots_is_named_before_training_with_a_better_one(
    chain: Callable[..., Any], ring: Any
) -> None:
    model = chain(dense(), optimizer=keras.optimizers.Adam(3.0))
    found = diagnose(model, *ring, batches=0)
    assert ("learning_rate_high", None) in sure(found)
    assert 1e-3 < found.findings[0].evidence["better"] < 1


def test_values_that_are_not_finite_are_traced_to_the_layer_they_come_from(ring: Any) -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    broken = keras.layers.Rescaling(float("inf"), name="broken")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(broken))
    model.compile("adam", "sparse_categorical_crossentropy")
    assert sure(diagnose(model, *ring, batches=0))[0] == ("exploding", "broken")


def test_labels_of_no_class_are_a_finding_and_nothing_is_trained(
    chain: Callable[..., Any], ring: Any
) -> None:
    (x, y), _ = ring
    found = diagnose(chain(dense()), (x, y + 1))
    assert [name for name, _ in sure(found)] == ["labels_outside"]
    assert found.findings[0].sentence.endswith("the labels go from 1 to 2, the output has 2 classes, 0 to 1")
    assert found.findings[0].advice == "number the classes from 0 to 1"
    assert found.batches == 0


def test_a_subclassed_model_is_refused_in_a_sentence(ring: Any) -> None:
    class Own(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    model = Own(name="own")
    model.compile("adam", "mse")
    with pytest.raises(BadInput, match="'own' is of the subclass Own"):
        diagnose(model, *ring)
    with pytest.raises(BadInput, match="batches must be a whole number of at least 0, got -1"):
        diagnose(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), *ring, batches=-1)
    with pytest.raises(BadInput, match="seed must be a whole number of at least 0, got -1"):
        diagnose(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), *ring, seed=-1)
