"""Steps in NumPy are the steps that Keras makes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from benchmarks.repair.learning.array_engine import ArrayEngine

from archmend.repair.check import labels_of
from archmend.repair.data import Rows
from archmend.repair.engine import Engine

L, Opt, Schedules = keras.layers, keras.optimizers, keras.optimizers.schedules
STEPS, ROWS, CLASSES = 6, 16, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(STEPS * ROWS, 5)).astype("float32")
Y = RNG.integers(0, CLASSES, len(X))
ONE_HOT, COLUMN = np.eye(CLASSES, dtype="float32")[Y], (Y[:, None] > 0).astype("float32")
CROSS, BINARY = "categorical_crossentropy", "binary_crossentropy"


def chain(*layers: Any) -> Any:
    return keras.Sequential([keras.Input((5,)), *layers])


def residual() -> Any:
    start = keras.Input((5,))
    first = L.Dense(6, activation="selu")(start)
    branch = L.Dense(6)(L.Dense(6, activation="elu")(first))
    return keras.Model(start, L.Dense(CLASSES, activation="softmax")(L.Add()([first, branch])))


def dense(activation: str, units: int = CLASSES, hidden: str = "tanh") -> Any:
    return chain(L.Dense(6, activation=hidden), L.Dense(units, activation=activation))


CASES: dict[str, tuple[Any, Any, Any, Any]] = {
    "adam, relu": (lambda: dense("softmax", hidden="relu"), Opt.Adam(0.01), CROSS, ONE_HOT),
    "indices, RMSprop": (lambda: dense("softmax"), Opt.RMSprop(0.01), "sparse_categorical_crossentropy", Y),
    "momentum, two classes": (lambda: dense("sigmoid", 1), Opt.SGD(0.1, momentum=0.9), BINARY, COLUMN),
    "plain descent, a residual sum": (residual, Opt.SGD(0.1), CROSS, ONE_HOT),
    "normalisations": (
        lambda: chain(
            L.Normalization(mean=[0.1] * 5, variance=[2.0] * 5),
            # A bias would have no gradient but rounding.
            L.Dense(6, use_bias=False),
            L.BatchNormalization(),
            L.Activation("relu"),
            L.Dense(6, activation="exponential"),
            L.LayerNormalization(),
            L.Dense(CLASSES, activation="softmax"),
        ),
        Opt.Adam(0.01, clipnorm=0.1),
        CROSS,
        ONE_HOT,
    ),
    "a penalty, decay and a schedule": (
        lambda: chain(
            L.Dense(6, activation="sigmoid", kernel_regularizer=keras.regularizers.L2(0.1)),
            L.Dense(CLASSES, activation="softmax"),
        ),
        Opt.Adam(Schedules.CosineDecay(0.01, 10, warmup_target=0.02, warmup_steps=3), weight_decay=0.1),
        CROSS,
        ONE_HOT,
    ),
    "logits as probabilities": (lambda: dense("linear"), Opt.SGD(0.01), CROSS, ONE_HOT),
    "indices and a rectified output": (
        lambda: dense("relu"),
        Opt.SGD(0.1, global_clipnorm=1.0),
        "sparse_categorical_crossentropy",
        Y,
    ),
    "two classes and tanh": (lambda: dense("tanh", 1), Opt.SGD(0.1, clipvalue=0.01), BINARY, COLUMN),
    "a softmax of one": (lambda: dense("softmax", 1), Opt.Adam(0.01), BINARY, COLUMN),
    "probabilities as logits": (
        lambda: dense("softmax"),
        Opt.Adam(0.01),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        ONE_HOT,
    ),
    "regression, a softmax inside": (
        lambda: dense("softmax", hidden="softmax"),
        Opt.SGD(0.1, momentum=0.5, nesterov=True),
        "mean_absolute_percentage_error",
        ONE_HOT,
    ),
    "squares": (lambda: dense("sigmoid"), Opt.SGD(0.1), "mean_squared_error", ONE_HOT),
}


@pytest.mark.filterwarnings("ignore:(.|\\n)*received `from_logits=True`")
@pytest.mark.filterwarnings("ignore:(.|\\n)*softmax over axis -1")
@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_keras(name: str) -> None:
    make, optimizer, loss, y = CASES[name]
    keras.utils.set_random_seed(1)
    model = make()
    model.compile(type(optimizer).from_config(optimizer.get_config()), loss)
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile(type(optimizer).from_config(optimizer.get_config()), loss)
    data = Rows(X, y, ROWS, 0)
    ours, theirs = ArrayEngine(model, labels_of(model), data), Engine(twin, labels_of(twin), data)
    assert ours._net is not None
    order = np.arange(len(X), dtype=np.int32).reshape(STEPS, ROWS)
    # In two calls: the moments go on.
    parts = [ours.train_rows(X, y, part) for part in (order[:2], order[2:])]
    # Operation by operation, as tracing takes longer than these few steps.
    told = [theirs._train_step(*map(tf.convert_to_tensor, (X[rows], y[rows]))) for rows in order]
    assert np.concatenate([part[0] for part in parts]) == pytest.approx([float(a) for a, _ in told], rel=1e-4)
    hits = np.concatenate([part[1] for part in parts])
    assert hits == pytest.approx([float(b) for _, b in told], nan_ok=True)
    for mine, other in zip(ours.model.weights, twin.weights, strict=True):
        assert mine.numpy() == pytest.approx(other.numpy(), rel=1e-3, abs=1e-5)
    for mine, other in zip(ours.validate(X, y), theirs.validate(X, y, once=True), strict=True):
        assert mine == pytest.approx(other, rel=1e-3, abs=1e-5, nan_ok=True)


def test_dropout_keeps_its_share_and_a_network_of_other_layers_is_left_to_keras() -> None:
    model = chain(L.Dense(400, activation="relu"), L.Dropout(0.75), L.Dense(CLASSES, activation="softmax"))
    model.compile("sgd", CROSS)
    net = ArrayEngine(model, labels_of(model), Rows(X, ONE_HOT, ROWS, 0))._net
    assert net is not None
    net.read()
    net.forward(X, training=True)
    held = net._steps[1].held
    assert (held > 0).mean() == pytest.approx(0.25, abs=0.02)
    assert set(np.unique(held)) == {0.0, 4.0}
    odd = chain(L.Reshape((5, 1)), L.Conv1D(2, 3), L.Flatten(), L.Dense(CLASSES, activation="softmax"))
    odd.compile("sgd", CROSS)
    assert ArrayEngine(odd, labels_of(odd), Rows(X, ONE_HOT, ROWS, 0))._net is None
