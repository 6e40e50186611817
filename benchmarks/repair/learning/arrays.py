"""The training steps of a small dense network in NumPy: the numbers of Keras, without tracing a graph first.

Tracing takes a second for each network that a remedy makes, and hundreds of steps of a small one take less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from benchmarks.repair.learning.array_losses import Loss

Array = np.ndarray
SELU_SCALE, SELU_ALPHA = 1.05070098, 1.67326324


class UnfitError(Exception):
    """The network has something that is not written here."""


def _elu(z: Array, alpha: float = 1.0) -> Array:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def softmax(z: Array) -> Array:
    """Return the softmax of each row."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array, Array, Array], Array]]] = {
    "linear": (lambda z: z, lambda z, a, d: d),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a, d: d * (z > 0)),
    "elu": (_elu, lambda z, a, d: d * np.where(z > 0, 1, a + 1)),
    "selu": (
        lambda z: SELU_SCALE * _elu(z, SELU_ALPHA),
        lambda z, a, d: d * np.where(z > 0, SELU_SCALE, a + SELU_SCALE * SELU_ALPHA),
    ),
    "tanh": (np.tanh, lambda z, a, d: d * (1 - a * a)),
    "sigmoid": (_sigmoid, lambda z, a, d: d * a * (1 - a)),
    "exponential": (np.exp, lambda z, a, d: d * a),
    "softmax": (softmax, lambda z, a, d: a * (d - (d * a).sum(axis=-1, keepdims=True))),
}
"""Name -> value of z, and gradient at z from z, the value a and the value's gradient d."""


@dataclass
class Step:
    """One layer at work.

    Attributes:
        layer: of Keras. reads, writes: keys of tensors. weights: places among the trainable weights, by name.
        held: what the backward pass needs of the forward one.
    """

    layer: Any
    reads: list[int]
    writes: int
    weights: dict[str, int]
    held: Any = field(default=None)


class ArrayNet:
    """A model's forward and backward pass.

    Attributes:
        weights: of the trainable variables. moving: name of a normalisation -> its mean and variance.
        loss: the compiled one, without penalties.
    """

    def __init__(self, model: Any, labels: Any, rng: np.random.Generator) -> None:
        """Read the model; its values come by `read`.

        Raises:
            UnfitError: it has a layer, an activation or a penalty that is not written here.
        """
        self._model, self._rng = model, rng
        place = {id(v): number for number, v in enumerate(model.trainable_weights)}
        self._steps = [
            Step(layer, reads, writes, {w.name: place[id(w)] for w in layer.trainable_weights})
            for layer, reads, writes in _chain(model)
        ]
        for step in self._steps:
            _check(step.layer)
        self._penalties = _penalties(model, place)
        last = self._steps[-1].layer
        self.loss = Loss(model.loss, _activation(last), labels)
        self.weights: list[Array] = []
        self.moving: dict[str, list[Array]] = {}

    def read(self) -> None:
        """Take over the values that the model has."""
        self.weights = [np.array(v.value.numpy()) for v in self._model.trainable_weights]
        self.moving = {
            step.layer.name: [np.array(v.value.numpy()) for v in _moving(step.layer)]
            for step in self._steps
            if isinstance(step.layer, keras.layers.BatchNormalization)
        }

    def write(self) -> None:
        """Give the model its values."""
        for variable, value in zip(self._model.trainable_weights, self.weights, strict=True):
            variable.value.assign(value)
        for step in self._steps:
            if step.layer.name in self.moving:
                for variable, value in zip(_moving(step.layer), self.moving[step.layer.name], strict=True):
                    variable.value.assign(value)

    def copied(self) -> tuple[list[Array], dict[str, list[Array]]]:
        """Return copies of all values."""
        return [w.copy() for w in self.weights], {name: list(pair) for name, pair in self.moving.items()}

    def put(self, weights: list[Array], moving: dict[str, list[Array]]) -> None:
        """Take over what `copied` returned."""
        self.weights, self.moving = [w.copy() for w in weights], {n: list(p) for n, p in moving.items()}

    def forward(self, x: Array, *, training: bool) -> tuple[Array, Array]:
        """Return what stands before the last activation, and the output."""
        values, last = {0: x}, self._steps[-1]
        for step in self._steps:
            values[step.writes] = self._forward(step, [values[key] for key in step.reads], training)
        z = last.held[1] if isinstance(last.held, tuple) and _activation(last.layer) else values[last.writes]
        return z, values[last.writes]

    def value(self, x: Array, y: Array) -> tuple[float, Array]:
        """Return the compiled loss with penalties, and the output, as in prediction."""
        z, output = self.forward(x, training=False)
        return self.loss.value(z, output, y) + self._penalty(), output

    def gradients(self, x: Array, y: Array) -> tuple[float, float, list[Array]]:
        """Return loss, summed correctness and the gradients of the trainable weights, as in training."""
        z, output = self.forward(x, training=True)
        slope, of_z = self.loss.slope(z, output, y)
        found: list[Array] = [np.zeros_like(w) for w in self.weights]
        slopes: dict[int, Array] = {self._steps[-1].writes: slope}
        for step in reversed(self._steps):
            back = self._backward(step, slopes.pop(step.writes), found, skip=of_z and step is self._steps[-1])
            for key, part in zip(step.reads, back, strict=True):
                slopes[key] = slopes[key] + part if key in slopes else part
        for number, factor in self._penalties:
            found[number] += 2 * factor * self.weights[number]
        correct = float(self.loss.correct(output, y).sum())
        return self.loss.value(z, output, y) + self._penalty(), correct, found

    def _penalty(self) -> float:
        return sum(factor * float(np.square(self.weights[n]).sum()) for n, factor in self._penalties)

    def _forward(self, step: Step, inputs: Sequence[Array], training: bool) -> Array:
        layer, x, w = step.layer, inputs[0], step.weights
        if isinstance(layer, keras.layers.Dense):
            z = x @ self.weights[w["kernel"]]
            if "bias" in w:
                z = z + self.weights[w["bias"]]
            a = ACTIVATIONS[_activation(layer)][0](z)
            step.held = (x, z, a)
            return a
        if isinstance(layer, keras.layers.Activation):
            a = ACTIVATIONS[_activation(layer)][0](x)
            step.held = (x, x, a)
            return a
        if isinstance(layer, keras.layers.Add):
            return inputs[0] + inputs[1]
        if isinstance(layer, keras.layers.Dropout):
            keep = 1.0 - layer.rate
            step.held = (
                (self._rng.random(x.shape) < keep).astype("float32") / np.float32(keep) if training else 1
            )
            return x * step.held
        if isinstance(layer, keras.layers.Flatten):
            step.held = x.shape
            return x.reshape(len(x), -1)
        if isinstance(layer, keras.layers.Normalization):
            return (x - layer.mean.numpy()) / np.maximum(np.sqrt(layer.variance.numpy()), 1e-7)
        return self._normalized(step, x, training)

    def _normalized(self, step: Step, x: Array, training: bool) -> Array:
        layer, w = step.layer, step.weights
        if isinstance(layer, keras.layers.LayerNormalization):
            axis, mean, variance = -1, x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
        elif training:
            axis, mean, variance = 0, x.mean(axis=0), x.var(axis=0)
            moving, share = self.moving[layer.name], np.float32(layer.momentum)
            self.moving[layer.name] = [
                old * share + new * (1 - share) for old, new in zip(moving, (mean, variance), strict=True)
            ]
        else:
            axis, (mean, variance) = 0, self.moving[layer.name]
        root = np.sqrt(variance + np.float32(layer.epsilon))
        plain = (x - mean) / root
        step.held = (plain, root, axis)
        scaled = plain * self.weights[w["gamma"]] if "gamma" in w else plain
        return scaled + self.weights[w["beta"]] if "beta" in w else scaled

    def _backward(self, step: Step, slope: Array, found: list[Array], *, skip: bool) -> list[Array]:
        layer, w = step.layer, step.weights
        if isinstance(layer, keras.layers.Dense | keras.layers.Activation):
            x, z, a = step.held
            if not skip:
                slope = ACTIVATIONS[_activation(layer)][1](z, a, slope)
            if isinstance(layer, keras.layers.Activation):
                return [slope]
            found[w["kernel"]] += x.T @ slope
            if "bias" in w:
                found[w["bias"]] += slope.sum(axis=0)
            return [slope @ self.weights[w["kernel"]].T]
        if isinstance(layer, keras.layers.Add):
            return [slope, slope]
        if isinstance(layer, keras.layers.Dropout):
            return [slope * step.held]
        if isinstance(layer, keras.layers.Flatten):
            return [slope.reshape(step.held)]
        if isinstance(layer, keras.layers.Normalization):
            return [slope / np.maximum(np.sqrt(layer.variance.numpy()), 1e-7)]
        plain, root, axis = step.held
        if "gamma" in w:
            found[w["gamma"]] += (slope * plain).sum(axis=0)
            slope_of_plain = slope * self.weights[w["gamma"]]
        else:
            slope_of_plain = slope
        if "beta" in w:
            found[w["beta"]] += slope.sum(axis=0)
        along = {"axis": axis, "keepdims": True}
        centred = slope_of_plain - slope_of_plain.mean(**along)
        return [(centred - plain * (slope_of_plain * plain).mean(**along)) / root]


def _chain(model: Any) -> list[tuple[Any, list[int], int]]:
    """Return each layer with the keys of what it reads and writes; the network's input has the key 0."""
    if isinstance(model, keras.Sequential):
        return [(layer, [number], number + 1) for number, layer in enumerate(model.layers)]
    keys, found = {id(model.inputs[0]): 0}, []
    for layer in model.operations:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if len(layer._inbound_nodes) != 1 or len(model.inputs) != 1:
            raise UnfitError(layer.name)
        node = layer._inbound_nodes[0]
        keys[id(node.outputs[0])] = len(keys)
        found.append((layer, [keys[id(t)] for t in node.input_tensors], keys[id(node.outputs[0])]))
    return found


def _activation(layer: Any) -> str:
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))


def _check(layer: Any) -> None:
    known = (
        keras.layers.Dense,
        keras.layers.Activation,
        keras.layers.Dropout,
        keras.layers.Flatten,
        keras.layers.Add,
        keras.layers.BatchNormalization,
        keras.layers.LayerNormalization,
        keras.layers.Normalization,
    )
    if type(layer) not in known or not layer.trainable or layer.dtype_policy.name != "float32":
        raise UnfitError(layer.name)
    if (
        isinstance(layer, keras.layers.Dense | keras.layers.Activation)
        and _activation(layer) not in ACTIVATIONS
    ):
        raise UnfitError(layer.name)


def _moving(layer: Any) -> list[Any]:
    return [layer.moving_mean, layer.moving_variance]


def _penalties(model: Any, place: dict[int, int]) -> list[tuple[int, float]]:
    found = []
    for layer in model.layers:
        for name in ("kernel", "bias"):
            penalty = getattr(layer, f"{name}_regularizer", None)
            if penalty is None:
                continue
            if type(penalty) is not keras.regularizers.L2:
                raise UnfitError(layer.name)
            found.append((place[id(getattr(layer, name))], float(penalty.l2)))
        if getattr(layer, "activity_regularizer", None) is not None:
            raise UnfitError(layer.name)
    return found
