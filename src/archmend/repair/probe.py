"""One look at every layer of a model: a forward and backward pass without an update, compiled once."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.repair.blocks import Block, blocks_of, calls, consumers, inputs_of
from archmend.repair.layer_measures import of_head, of_inputs, of_outputs, of_weights
from archmend.repair.measures import LayerStatistics

POSITIONS = 4096
"""Rows, or positions of images, of a layer's outputs that are measured, at most."""


class Probe:
    """Measures a model's layers; leaves no trace in the model."""

    def __init__(self, model: Any, signature: tuple[Any, Any]) -> None:
        """Prepare the pass for batches of this signature; it is traced at its first use."""
        self._model = model
        used = calls(model)
        layers = {layer.name: layer for layer in model.layers}
        self._blocks = [b for b in blocks_of(model) if layers[b.name].trainable_weights]
        self._layers = [layers[b.name] for b in self._blocks]
        # A shared layer has several outputs; it is probed by its kernel alone.
        self._ended = [b for b in self._blocks if used[b.end] == 1 and used[b.name] == 1]
        first = _first_blocks(model, self._blocks)
        self._fed = [b for b in self._ended if b.name in first]
        ends, feeds = [layers[b.end].output for b in self._ended], [layers[b.name].input for b in self._fed]
        self._inner = keras.Model(inputs_of(model), [model.outputs, ends, feeds])
        self._branches = _branches(model, self._blocks)
        # A partial keeps TensorFlow from taking every model's pass for one that is traced again and again.
        self._pass = tf.function(partial(self._passed), input_signature=signature, autograph=False)

    def __call__(self, x: Any, y: Any, *, once: bool = False) -> tuple[LayerStatistics, ...]:
        """Return the measurements of each layer with a kernel, in the order of the model's layers.

        Args:
            x: features.
            y: labels.
            once: tensors are given, and the pass is run operation by operation and not compiled.
        """
        passed = (self._passed if once else self._pass)(x, y)
        loss, gradients, decays, ends, feeds = keras.tree.map_structure(np.asarray, passed)
        of_end = {b.name: end for b, end in zip(self._ended, ends, strict=True)}
        of_feed = {b.name: feed for b, feed in zip(self._fed, feeds, strict=True)}
        slopes = zip(gradients, decays or [None] * len(gradients), strict=True)
        found = []
        # What is not finite is told as such, not by NumPy's warnings.
        with np.errstate(all="ignore"):
            for block, layer, (gradient, decay) in zip(self._blocks, self._layers, slopes, strict=True):
                kernel = np.asarray(layer.kernel, "float32")
                measured = of_weights(kernel, gradient, decay)
                end, feed = of_end.get(block.name), of_feed.get(block.name)
                if end is not None:
                    measured |= of_outputs(end, block.activation)
                if end is not None and block.output:
                    measured |= {"loss": float(loss), **of_head(end)}
                if feed is not None:
                    measured |= of_inputs(feed)
                measured["branch"] = block.name in self._branches
                found.append(_statistics(block, kernel, gradient, end, measured))
        return tuple(found)

    def _passed(self, x: Any, y: Any) -> Any:
        # Batch normalisation is looked at as it trains, on the rows' own statistics; what the pass
        # changes (moving statistics, random generators) is put back.
        model, kernels = self._model, [layer.kernel.value for layer in self._layers]
        state = [v for v in model.variables if not any(v is w for w in model.trainable_weights)]
        before = [tf.identity(v.value) for v in state]
        with tf.GradientTape(persistent=True) as tape:
            outputs, ends, feeds = self._inner(x, training=True)
            output = outputs[0] if isinstance(outputs, list | tuple) else outputs
            penalties = [tf.cast(p, tf.float32) for p in model.losses]
            loss = tf.cast(model.compute_loss(x=x, y=y, y_pred=output, training=True), tf.float32)
            if penalties:
                penalty = tf.add_n(penalties)
                loss -= penalty
        gradients = tape.gradient(loss, kernels, unconnected_gradients="zero")
        decays = tape.gradient(penalty, kernels, unconnected_gradients="zero") if penalties else []
        for variable, value in zip(state, before, strict=True):
            variable.assign(value)
        gradients, decays = ([tf.cast(g, tf.float32) for g in some] for some in (gradients, decays))
        return loss, gradients, decays, [_flat(end) for end in ends], [_flat(feed) for feed in feeds]


def _statistics(
    block: Block, kernel: np.ndarray, gradient: np.ndarray, end: np.ndarray | None, measured: dict[str, Any]
) -> LayerStatistics:
    """Put a layer's measures together; what it does not have is NaN."""
    unmeasured = dict.fromkeys(("entropy", "dormant", "inactive"), float("nan"))
    finite_output = end is None or bool(np.isfinite(end).all())
    finite_weights = bool(np.isfinite(kernel).all())
    return LayerStatistics(
        name=block.name,
        activation=block.activation,
        output=block.output,
        finite=finite_output and finite_weights and bool(np.isfinite(gradient).all()),
        finite_output=finite_output,
        finite_weights=finite_weights,
        units=kernel.shape[-1],
        inputs=int(np.prod(kernel.shape[:-1])),
        normalized=block.normalized,
        **{**unmeasured, **measured},
    )


def _flat(values: Any) -> Any:
    """Return a matrix of some rows (or positions) whose columns are units."""
    flat = tf.reshape(tf.cast(values, tf.float32), [-1, values.shape[-1]])
    return flat[:: tf.maximum(1, tf.shape(flat)[0] // POSITIONS)] if len(values.shape) > 2 else flat


def _branches(model: Any, blocks: list[Block]) -> set[str]:
    """Return the layers whose block is read by sums alone."""
    if isinstance(model, keras.Sequential):
        return set()
    kinds = {operation.name: type(operation).__name__ for operation in model.operations}
    after = consumers(model)
    return {b.name for b in blocks if after[b.end] and all(kinds.get(n) == "Add" for n in after[b.end])}


def _first_blocks(model: Any, blocks: list[Block]) -> set[str]:
    """Return the layers with a kernel that no other layer with one comes before."""
    followers, kernels = consumers(model), {b.name for b in blocks}
    later: set[str] = set()
    for name in kernels:
        waiting, seen = list(followers[name]), set()
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += followers[one]
        later |= seen & kernels
    return kernels - later
