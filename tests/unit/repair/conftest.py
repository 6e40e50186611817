"""Small data and small models, as fixtures: test modules do not import one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def ring() -> tuple[Pair, Pair]:
    """(train, validation) of two classes that no line separates: points inside and outside a ring."""
    from sklearn.datasets import make_circles

    x, y = make_circles(500, noise=0.08, factor=0.5, random_state=0)
    x, y = x.astype("float32"), y.astype("int64")
    return (x[:350], y[:350]), (x[350:], y[350:])


@pytest.fixture(scope="session")
def chain() -> Callable[..., Any]:
    """A compiled Sequential classifier with the given hidden layers."""

    def make(*hidden: Any, optimizer: Any = "adam", inputs: int = 2, classes: int = 2, seed: int = 0) -> Any:
        keras.utils.set_random_seed(seed)
        # Made anew here, so that their initial weights come from the seed.
        layers = [type(layer).from_config(layer.get_config()) for layer in hidden]
        output = keras.layers.Dense(classes, activation="softmax")
        model = keras.Sequential([keras.Input((inputs,)), *layers, output])
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return make


@pytest.fixture(scope="session")
def graph() -> Callable[..., Any]:
    """A compiled graph: two inputs, a shared layer, fused and separate activations, a residual sum."""

    def make(seed: int = 0) -> Any:
        keras.utils.set_random_seed(seed)
        left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
        shared = keras.layers.Dense(6, activation="relu", name="shared")
        joined = keras.layers.Concatenate(name="joined")([shared(left), shared(right)])
        inner = keras.layers.Dense(12, name="inner")(joined)
        inner = keras.layers.Activation("relu", name="inner_activation")(inner)
        summed = keras.layers.Add(name="summed")([joined, inner])
        last = keras.layers.Dense(8, activation="relu", name="last")(summed)
        model = keras.Model([left, right], keras.layers.Dense(2, activation="softmax", name="out")(last))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return make
