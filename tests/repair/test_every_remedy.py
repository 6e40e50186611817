"""Every remedy on generated models of all kinds: it refuses, or keeps what it promises and can be undone."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from archmend.repair import Bench, Symptom, remedy_names
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints, parameters
from archmend.repair.data import Rows
from archmend.repair.engine import Engine
from archmend.repair.guard import Guard
from archmend.repair.outputs import measured_by
from archmend.repair.remedies import REMEDIES
from archmend.repair.targets import targets_of

L = keras.layers
ROWS = 24
SYMPTOMS = ("dying", "vanishing", "overfitting", "slow_convergence", "wrong_output", "unscaled_input")


class Dice:
    """Choices that a seed makes."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def pick(self, *options: Any) -> Any:
        return options[self._rng.integers(len(options))]

    def activation(self) -> str:
        names = ("relu", "tanh", "sigmoid", "elu", "selu", "gelu", "softmax", "linear", "leaky_relu")
        return str(self.pick(*names))


def chain_of(dice: Dice) -> tuple[Any, Any]:
    """A Sequential model of dense layers, some with dropout, normalisation, penalties or no bias."""
    layers: list[Any] = [keras.Input((3,))]
    for _ in range(dice.pick(1, 2, 3, 4)):
        kernel, bias = dice.pick(None, keras.regularizers.L2(0.01)), dice.pick(True, False)
        layers.append(L.Dense(dice.pick(3, 5), dice.activation(), bias, kernel_regularizer=kernel))
        between: list[list[Any]] = [[], [L.ReLU], [L.LeakyReLU], [L.PReLU], [L.BatchNormalization, L.ReLU]]
        layers += [kind() for kind in dice.pick(*between)]
        layers += dice.pick([], [L.Dropout(0.4)])
    return keras.Sequential(layers), rows((3,))


def images_of(dice: Dice) -> tuple[Any, Any]:
    """A Sequential model of convolutions of several kinds."""
    layers: list[Any] = [keras.Input((6, 6, 2))]
    for _ in range(dice.pick(1, 2, 3)):
        kind = dice.pick(L.Conv2D, L.Conv2D, L.SeparableConv2D, L.DepthwiseConv2D)
        size = (3,) if kind is L.DepthwiseConv2D else (4, 3)
        layers.append(kind(*size, padding="same", activation=dice.activation()))
        layers += dice.pick([], [L.BatchNormalization()], [L.SpatialDropout2D(0.3), L.MaxPooling2D()])
    layers += [dice.pick(L.Flatten, L.GlobalAveragePooling2D)(), L.Dense(4, "relu")]
    return keras.Sequential(layers), rows((6, 6, 2))


def graph_of(dice: Dice) -> tuple[Any, Any]:
    """Two inputs, a shared layer, a slice, a gate, attention weights, a sum and a nested model."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = L.Dense(4, dice.activation(), name="shared")
    joined = L.Add(name="joined")([shared(left), shared(right)])
    joined = dice.pick(joined, joined[:, :2])
    width = joined.shape[-1]
    gate = L.Dense(width, dice.pick("sigmoid", "softmax"), name="gate")(joined)
    gated = L.Multiply(name="gated")([joined, gate]) if dice.pick(True, False) else joined * gate
    inner = L.Dense(width, name="inner")(gated)
    inner = L.Activation(dice.activation(), name="inner_activation")(inner)
    summed = L.Add(name="summed")([gated, inner])
    nested = keras.Sequential([keras.Input((width,)), L.Dense(width, "tanh")], name="nested")
    last = L.Dense(5, "relu", name="last")(nested(summed) if dice.pick(True, False) else summed)
    return keras.Model([left, right], last), {"left": rows((4,)), "right": rows((4,))}


def sequence_of(dice: Dice) -> tuple[Any, Any]:
    """Words into an embedding, then a convolution or a recurrent layer."""
    words = keras.Input((5,), dtype="int32", name="words")
    value = L.Embedding(7, 4, name="embedding")(words)
    if dice.pick(True, False):
        value = L.Conv1D(4, 3, padding="causal", activation="relu", name="convolution")(value)
        value = L.GlobalMaxPooling1D(name="pool")(value)
    else:
        value = L.GRU(4, name="recurrent")(value)
    value = L.Dense(4, dice.activation(), name="dense")(value)
    return keras.Model(words, value), np.random.default_rng(0).integers(0, 7, (ROWS, 5)).astype("int32")


def rows(shape: tuple[int, ...]) -> np.ndarray:
    return (50 * np.random.default_rng(1).normal(size=(ROWS, *shape)) + 9).astype("float32")


def absolute(y: Any, p: Any) -> Any:
    """A loss of the user's own."""
    return keras.ops.mean(keras.ops.abs(y - p), axis=-1)


def compiled(dice: Dice) -> tuple[Any, Any, Any]:
    """A compiled model with one of many heads, losses and optimisers, and rows for it."""
    classes = np.arange(ROWS) % 2
    column, onehot = classes[:, None].astype("float32"), np.eye(2, dtype="float32")[classes]
    units, activation, loss, y = dice.pick(
        (2, "softmax", "sparse_categorical_crossentropy", classes),
        (2, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True), classes),
        (2, "softmax", keras.losses.CategoricalCrossentropy(from_logits=True), onehot),
        (2, "relu", "categorical_crossentropy", onehot),
        (2, "softmax", keras.losses.MeanSquaredError(), onehot),
        (1, "softmax", "binary_crossentropy", column),
        (1, None, "mse", column),
        (1, "relu", "mae", column * 3.5 - 2),
        (1, None, absolute, column),
    )
    keras.config.set_dtype_policy(dice.pick("float32", "float32", "mixed_float16"))
    try:
        body, x = dice.pick(chain_of, images_of, graph_of, sequence_of)(dice)
        head = L.Dense(units, activation, dtype="float32", name="head")
        if isinstance(body, keras.Sequential):
            model = keras.Sequential([keras.Input(body.input_shape[1:]), *body.layers, head])
        else:
            model = keras.Model(body.input, head(body.output))
        rate = dice.pick(0.01, 0.01, keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.9))
        optimizer = dice.pick(
            keras.optimizers.SGD(rate),
            keras.optimizers.SGD(rate, momentum=0.9, clipnorm=1.0),
            keras.optimizers.Adam(rate, weight_decay=0.01),
            keras.optimizers.AdamW(rate),
            keras.optimizers.RMSprop(rate, use_ema=True),
            keras.optimizers.Adafactor(rate),
        )
        model.compile(optimizer, loss, metrics=["accuracy"] if y.ndim == 1 else None)
    finally:
        keras.config.set_dtype_policy("float32")
    return model, x, y


def state_of(model: Any) -> list[bytes]:
    return [v.numpy().tobytes() for v in (*model.variables, *model.optimizer.variables)]


def settings_of(model: Any) -> str:
    parts = [keras.saving.serialize_keras_object(layer) for layer in model.layers]
    optimizer = keras.saving.serialize_keras_object(model.optimizer)
    return json.dumps([parts, optimizer, str(model.loss)], sort_keys=True, default=repr)


# Shrinking a seed makes no model simpler.
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning")
@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`:UserWarning")
@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.integers(0, 2**20), st.sampled_from(remedy_names()))
def test_a_remedy_refuses_or_keeps_its_promises(seed: int, name: str) -> None:
    promises_kept(seed, name)


def promises_kept(seed: int, name: str) -> None:
    dice = Dice(seed)
    keras.utils.set_random_seed(seed)
    model, x, y = compiled(dice)
    model = rebuild(model)  # the loop too works on a copy
    remedy = REMEDIES.create(name)
    layers = [layer.name for layer in model.layers]
    symptom = Symptom(dice.pick(*SYMPTOMS), dice.pick(None, *layers))
    limits = Constraints(
        frozen=frozenset(dice.pick([], [], [dice.pick(*layers)])),
        max_params=dice.pick(None, None, parameters(model) + 30),
        targets=targets_of(y),
    )
    held, before = state_of(model), model(x).numpy()
    applies = remedy.applicable(model, symptom, limits)
    assert state_of(model) == held
    if not applies:
        return
    guard, described = Guard(model, limits), settings_of(model)
    edited = remedy.apply(model, symptom, Bench(limits, np.random.default_rng(0), x, y, steps_left=40))
    if edited is None:
        assert state_of(model) == held
        return
    assert guard.broken(edited) is None
    assert limits.admits(edited)
    if edited is not model:
        assert (state_of(model), settings_of(model)) == (held, described)
    if not (remedy.changes_batches or remedy.stops):
        assert (state_of(edited), settings_of(edited)) != (held, described)
    if remedy.keeps_function:
        scale = 1e-5 if model.layers[-2].compute_dtype == "float32" else 1e-2
        np.testing.assert_allclose(edited(x).numpy(), before, atol=scale * max(1, np.abs(before).max()))
    engine = Engine(edited, measured_by(edited, limits.targets), Rows(x, y, 8, 0))
    start, snapshot = state_of(edited), engine.snapshot()
    assert len(state_of(edited)) == len(snapshot)
    engine.train(x, y)
    engine.restore(snapshot)
    assert state_of(edited) == start
