"""New units for a layer, such that the weights which read them get the largest gradient."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.repair.blocks import inputs_of
from archmend.repair.cloning import clone_of, rebuild
from archmend.repair.remedies.places import free_name
from archmend.repair.remedy import Bench

CANDIDATES = 64
"""Random directions that are looked at for each unit, besides those of the gradient itself."""
_THRESHOLDS = (0.0, 0.5, -0.5, 1.0, -1.0)
"""Where a candidate's bias lets it begin, in deviations of its weighted inputs."""
_TINY = 1e-9


def fresh_units(
    model: Any, layer: str, reader: str, count: int, bench: Bench
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return kernel and bias of new units of a dense layer, for another one that reads them by zeros.

    After GradMax (Evci et al., ICLR 2022), which asks for the units that make the gradient of what is new
    largest. There the incoming weights are zero, where a ReLU has no slope; here the outgoing ones are, and
    the incoming ones are chosen among directions of the gradient and random ones, one after the other by
    what is left of the gradient on the bench's rows once the units before it are accounted for.

    Args:
        model: compiled; it stays as it is.
        layer: name of the dense layer that gets units.
        reader: name of the dense layer that alone reads it.
        count: how many units.
        bench: with labels.

    Returns:
        (inputs, count) and (count,); None where the gradient is zero or not finite.
    """
    given, wanted = _gradient(model, layer, reader, bench)
    if not (np.isfinite(given).all() and np.isfinite(wanted).all() and np.abs(wanted).max() > 0):
        return None
    grown = model.get_layer(layer)
    centred = given - given.mean(axis=0)
    steepest = np.linalg.svd(wanted.T @ centred, full_matrices=False)[2].T
    drawn = bench.rng.normal(size=(given.shape[1], CANDIDATES * count))
    kernel = np.concatenate([steepest, -steepest, drawn], axis=1)
    # The scale of He et al. 2015, by these rows' own deviation.
    kernel = kernel * np.sqrt(2) / np.maximum((centred @ kernel).std(axis=0), _TINY)
    bias = bench.rng.choice(_THRESHOLDS, kernel.shape[1]) * np.sqrt(2) - given.mean(axis=0) @ kernel
    values = np.asarray(grown.activation(tf.constant((given @ kernel + bias).astype("float32"))))
    chosen = _one_by_one(values.astype("float64"), wanted, count)
    return kernel[:, chosen], bias[chosen]


def _one_by_one(values: np.ndarray, wanted: np.ndarray, count: int) -> list[int]:
    """Return the columns of `values` that explain most of `wanted`, by orthogonal matching pursuit."""
    left, rest, chosen = wanted.copy(), _unit_length(values), []
    for _ in range(count):
        best = int(np.linalg.norm(rest.T @ left, axis=1).argmax())
        chosen.append(best)
        direction = rest[:, best]
        left -= np.outer(direction, direction @ left)
        rest = _unit_length(rest - np.outer(direction, direction @ rest))
    return chosen


def _unit_length(columns: np.ndarray) -> np.ndarray:
    """Return columns of length 1; those of no length, or of what rounding left, become zero."""
    length = np.linalg.norm(columns, axis=0)
    return np.where(length > 1e-6, columns / np.maximum(length, _TINY), 0.0)


def _gradient(model: Any, layer: str, reader: str, bench: Bench) -> tuple[np.ndarray, np.ndarray]:
    """Return what enters `layer`, and the loss's gradient for what enters the activation of `reader`."""
    held = model.get_layer(reader)
    name = free_name(model, f"{reader}_apart")
    apart = keras.layers.Activation(held.activation, name=name, dtype=held.dtype_policy)
    linear = clone_of(held, activation="linear")
    copy = rebuild(model, replace={reader: linear}, after={reader: [apart]})
    ends = [copy.get_layer(layer).input, copy.get_layer(reader).output, copy.outputs[0]]
    inner = keras.Model(inputs_of(copy), ends)
    with tf.GradientTape() as tape:
        given, entering, output = inner(bench.x, training=False)
        loss = copy.compute_loss(x=bench.x, y=bench.y, y_pred=output, training=False)
    wanted = tape.gradient(loss, entering)
    return np.asarray(given, dtype="float64"), np.asarray(wanted, dtype="float64") * len(given)
