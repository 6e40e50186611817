"""One model's compiled functions: a training step, validation, a probe, and exact snapshots."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.repair.blocks import blocks_of, calls, inputs_of
from archmend.repair.data import Data
from archmend.repair.labels import Labels
from archmend.repair.values import LayerStatistics

DORMANT_SCORE = 0.025
"""A unit is dormant at or below this ReDo score: the middle of the 0 to 0.1 that the paper tries."""
ENTROPY_FACTOR = float(np.pi * np.e)

Snapshot = tuple[Any, ...]


class Engine:
    """Trains, validates and probes one compiled model.

    Attributes:
        model: the compiled model. Its functions are traced at their first use and hold for its life.
    """

    def __init__(self, model: Any, labels: Labels, data: Data) -> None:
        """Prepare the functions for batches of this data's form."""
        self.model = model
        self._labels = labels
        x, y = data.signature()
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        # Every engine traces its own functions once; a partial keeps TensorFlow from taking them for
        # one function that is traced again and again, and warning of it.
        self._train = tf.function(partial(self._train_step), input_signature=(x, y))
        self._validate = tf.function(partial(self._validation_step), input_signature=(x, y))
        self._probe = tf.function(partial(self._probe_step), input_signature=(x, y))
        self._read = tf.function(partial(self._values))
        self._write: Any = None
        used = calls(model)
        layers = {layer.name: layer for layer in model.layers}
        # A shared layer has several outputs; it is probed by its kernel alone.
        self._blocks = [b for b in blocks_of(model) if layers[b.name].trainable_weights]
        self._ends = [layers[b.end] for b in self._blocks if used[b.end] == 1 and used[b.name] == 1]
        self._inner = keras.Model(inputs_of(model), [model.outputs, [e.output for e in self._ends]])
        self._kernels = [layers[b.name].kernel for b in self._blocks]

    def train(self, x: Any, y: Any) -> tuple[float, float]:
        """Make one optimiser step; return the batch's loss and its summed correctness."""
        loss, correct = self._train(x, y)
        return float(loss), float(correct)

    def validate(self, x: Any, y: Any) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the compiled loss of the rows, and each row's own loss and correctness."""
        loss, row_losses, correct = self._validate(x, y)
        return float(loss), row_losses.numpy(), correct.numpy()

    def probe(self, x: Any, y: Any) -> tuple[LayerStatistics, ...]:
        """Look at every layer in one forward and backward pass that leaves no trace in the model."""
        gradients, weights, ends = (part.numpy() for part in self._probe(x, y))
        of_end = {end.name: numbers for end, numbers in zip(self._ends, ends, strict=True)}
        found = []
        for block, gradient, weight in zip(self._blocks, gradients, weights, strict=True):
            entropy, dormant, inactive, finite = of_end.get(block.end, (np.nan, np.nan, np.nan, 1.0))
            found.append(
                LayerStatistics(
                    name=block.name,
                    activation=block.activation,
                    output=block.output,
                    gradient_norm=float(gradient),
                    weight_norm=float(weight),
                    entropy=float(entropy),
                    dormant=float(dormant),
                    inactive=float(inactive),
                    finite=bool(finite) and bool(np.isfinite([gradient, weight]).all()),
                )
            )
        return tuple(found)

    def snapshot(self) -> Snapshot:
        """Return the values of all variables: weights, moving statistics, random generators, optimiser."""
        return tuple(self._read())

    def restore(self, snapshot: Snapshot) -> None:
        """Bring back every bit of a snapshot of this same engine."""
        if self._write is None:
            self._write = tf.function(partial(self._assign))
        self._write(list(snapshot))

    def weights(self) -> list[np.ndarray]:
        """Return the values of the trainable variables."""
        return [v.numpy() for v in self.model.trainable_weights]

    def put_weights(self, values: list[np.ndarray]) -> None:
        """Set the trainable variables."""
        for variable, value in zip(self.model.trainable_weights, values, strict=True):
            variable.assign(value)

    @property
    def keeps_statistics(self) -> bool:
        """Whether some layer holds moving statistics of what passes through it."""
        return bool(self._normalizations())

    def see(self, x: Any, number: int) -> None:
        """Count a batch into the moving statistics, as the `number`-th (from 0) of a plain average."""
        held = self._normalizations()
        before = [layer.momentum for layer in held]
        for layer in held:
            layer.momentum = number / (number + 1)
        self.model(x, training=True)
        for layer, momentum in zip(held, before, strict=True):
            layer.momentum = momentum

    def _normalizations(self) -> list[Any]:
        return [layer for layer in self.model.layers if isinstance(layer, keras.layers.BatchNormalization)]

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _values(self) -> list[Any]:
        return [tf.identity(v.value) for v in self._variables()]

    def _assign(self, values: list[Any]) -> None:
        for variable, value in zip(self._variables(), values, strict=True):
            variable.assign(value)

    def _train_step(self, x: Any, y: Any) -> tuple[Any, Any]:
        model = self.model
        with tf.GradientTape() as tape:
            output = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=output, training=True)
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_weights)
        model.optimizer.apply(gradients, model.trainable_weights)
        return loss, tf.reduce_sum(self._labels.correct(y, output))

    def _validation_step(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        output = self.model(x, training=False)
        loss = self.model.compute_loss(x=x, y=y, y_pred=output, training=False)
        return loss, self._labels.row_losses(y, output), self._labels.correct(y, output)

    def _probe_step(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        # Batch normalisation is looked at as it trains, on the rows' own statistics; what the pass
        # changes (moving statistics, random generators) is put back.
        state = [v for v in self.model.variables if not any(v is w for w in self.model.trainable_weights)]
        before = [tf.identity(v.value) for v in state]
        with tf.GradientTape() as tape:
            outputs, ends = self._inner(x, training=True)
            output = outputs[0] if isinstance(outputs, list | tuple) else outputs
            loss = self.model.compute_loss(x=x, y=y, y_pred=output, training=True)
        gradients = tape.gradient(loss, [k.value for k in self._kernels], unconnected_gradients="zero")
        for variable, value in zip(state, before, strict=True):
            variable.assign(value)
        norms = [tf.norm(tf.cast(tf.convert_to_tensor(g), tf.float32)) for g in gradients]
        weights = [tf.norm(tf.cast(k.value, tf.float32)) for k in self._kernels]
        return tf.stack(norms), tf.stack(weights), _stacked([_unit_statistics(end) for end in ends])


def _unit_statistics(outputs: Any) -> Any:
    """Return (entropy, dormant share, inactive share, finite) of a layer's outputs (rows, ..., units)."""
    values = tf.cast(outputs, tf.float32)
    values = tf.reshape(values, [-1, values.shape[-1]])
    size = tf.reduce_mean(tf.abs(values), axis=0)
    score = size / tf.maximum(tf.reduce_mean(size), np.finfo(np.float32).tiny)
    entropy = 0.5 * tf.math.log(ENTROPY_FACTOR * tf.math.reduce_variance(values, axis=0) + 1)
    return tf.stack(
        [
            tf.reduce_mean(entropy),
            tf.reduce_mean(tf.cast(score <= DORMANT_SCORE, tf.float32)),
            tf.reduce_mean(tf.cast(size == 0, tf.float32)),
            tf.cast(tf.reduce_all(tf.math.is_finite(values)), tf.float32),
        ]
    )


def _stacked(rows: list[Any]) -> Any:
    return tf.stack(rows) if rows else tf.zeros([0, 4])
