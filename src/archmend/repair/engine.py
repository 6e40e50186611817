"""One model's compiled functions: a training step, validation, a probe, and exact snapshots."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.repair.blocks import calls, inputs_of
from archmend.repair.data import Data
from archmend.repair.describe import describe
from archmend.repair.labels import Labels
from archmend.repair.layer_measures import DORMANT_SCORE
from archmend.repair.probe import Probe
from archmend.repair.values import Description, LabelFacts, LayerStatistics

__all__ = ["DORMANT_SCORE", "Engine", "Snapshot"]

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
        order = tf.TensorSpec((None, None), tf.int32)
        self._train = tf.function(partial(self._train_steps), input_signature=(x, y, order), autograph=False)
        self._validate = tf.function(partial(self._validation_step), input_signature=(x, y), autograph=False)
        self._probe = Probe(model, (x, y))
        self._read = tf.function(partial(self._values), autograph=False)
        self._write: Any = None
        self._description: Description | None = None

    def train(self, x: Any, y: Any) -> tuple[float, float]:
        """Make one optimiser step; return the batch's loss and its summed correctness."""
        losses, correct = self.train_rows(x, y, np.arange(len(y), dtype=np.int32)[None])
        return float(losses[0]), float(correct[0])

    def train_rows(self, x: Any, y: Any, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Make one optimiser step for each row of `order`, in one call.

        Args:
            x: tensors or arrays of all rows' features.
            y: of their labels.
            order: places of each step's rows, shape (steps, rows a step), int32.

        Returns:
            Loss and summed correctness of each step's rows, shape (steps,).
        """
        losses, correct = self._train(x, y, order)
        return losses.numpy(), correct.numpy()

    def validate(self, x: Any, y: Any, *, once: bool = False) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the compiled loss of the rows, and each row's own loss and correctness.

        Args:
            x: features.
            y: labels.
            once: run operation by operation, where compiling would take longer than that.
        """
        done = self._validation_step if once else self._validate
        loss, row_losses, correct = done(*_tensors(x, y) if once else (x, y))
        return float(loss), row_losses.numpy(), correct.numpy()

    def probe(self, x: Any, y: Any, *, once: bool = False) -> tuple[LayerStatistics, ...]:
        """Look at every layer in one forward and backward pass that leaves no trace in the model.

        Args:
            x: features.
            y: labels.
            once: run operation by operation, where compiling would take longer than that.
        """
        return self._probe(*_tensors(x, y), once=True) if once else self._probe(x, y)

    def first_bad(self, x: Any, y: Any) -> str | None:
        """Return the first layer, of any kind, whose output on these rows is not finite."""
        held = self.snapshot()
        used = calls(self.model)
        layers = [one for one in self.model.layers if used.get(one.name) == 1]
        inner = keras.Model(inputs_of(self.model), [keras.tree.flatten(one.output) for one in layers])
        outputs = inner(x, training=True)
        self.restore(held)
        for layer, tensors in zip(layers, outputs, strict=True):
            if not all(np.isfinite(np.asarray(t, "float32")).all() for t in keras.tree.flatten(tensors)):
                return str(layer.name)
        return None

    def description(self, facts: LabelFacts) -> Description:
        """Return what does not change while the model trains, read at the first call."""
        if self._description is None:
            self._description = describe(self.model, self._labels, facts)
        return self._description

    def snapshot(self) -> Snapshot:
        """Return the values of all variables: weights, moving statistics, random generators, optimiser."""
        return tuple(self._read())

    def restore(self, snapshot: Snapshot) -> None:
        """Bring back every bit of a snapshot of this same engine."""
        if self._write is None:
            self._write = tf.function(partial(self._assign), autograph=False)
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

    def _train_steps(self, x: Any, y: Any, order: Any) -> tuple[Any, Any]:
        # What a call costs beside the arithmetic is paid once for many steps of a small network.
        steps = tf.shape(order)[0]

        def step(number: Any, losses: Any, correct: Any) -> tuple[Any, Any, Any]:
            rows = order[number]
            x_rows, y_rows = tf.nest.map_structure(lambda whole: tf.gather(whole, rows), (x, y))
            loss, hits = self._train_step(x_rows, y_rows)
            return (
                number + 1,
                losses.write(number, tf.cast(loss, tf.float32)),
                correct.write(number, tf.cast(hits, tf.float32)),
            )

        told = [tf.TensorArray(tf.float32, steps, element_shape=()) for _ in range(2)]
        _, losses, correct = tf.while_loop(
            lambda number, *_: number < steps, step, (0, *told), parallel_iterations=1
        )
        return losses.stack(), correct.stack()

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


def _tensors(x: Any, y: Any) -> Any:
    return keras.tree.map_structure(tf.convert_to_tensor, (x, y))
