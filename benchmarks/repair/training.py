"""Plain training as Keras's `fit` does it, an epoch in one compiled call: small networks take milliseconds.

Keras's own `fit` spends most of a tiny network's time between the batches. `tests` hold this loop to the same
steps: shuffled batches, the smaller last one included, validation after each epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from benchmarks.repair.parts import Parts
from benchmarks.repair.scoring import accuracy, threshold


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to: mean loss and accuracy over its batches, and both on the validation rows."""

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class Training:
    """Trains one compiled model, an epoch at a time.

    Attributes:
        model: the model. history: its epochs.
    """

    def __init__(self, model: keras.Model, parts: Parts, batch_size: int, seed: int) -> None:
        """Hold the rows on the device; nothing is trained yet."""
        self.model = model
        self.history: list[Epoch] = []
        self._parts, self._batch_size = parts, batch_size
        self._rng = np.random.default_rng((seed, 7))
        self._train = [tf.constant(values) for values in parts.train]
        self._held = [tf.constant(values) for values in parts.validation]
        self._threshold = threshold(model)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self._epoch = tf.function(partial(self._train_epoch), reduce_retracing=True)
        self._validate = tf.function(partial(self._validation))
        self._gradients = tf.function(partial(self._batch_gradients), reduce_retracing=True)

    def epoch(self) -> Epoch:
        """Train one epoch and validate."""
        order = self._rng.permutation(len(self._parts.train[0])).astype("int32")
        loss, hits = self._epoch(tf.constant(order))
        val_loss, val_hits = self._validate()
        self.history.append(Epoch(*(float(value) for value in (loss, hits, val_loss, val_hits))))
        return self.history[-1]

    def gradients(self) -> list[np.ndarray]:
        """Return the gradients of all kernels on one batch, in the order of the layers."""
        chosen = self._rng.permutation(len(self._parts.train[0]))[: self._batch_size].astype("int32")
        return [gradient.numpy() for gradient in self._gradients(tf.constant(chosen))]

    def score(self) -> float:
        """Return the accuracy on the fresh rows."""
        return accuracy(self.model, *self._parts.fresh)

    def _train_epoch(self, order: Any) -> tuple[Any, Any]:
        rows, size = tf.size(order), self._batch_size
        loss_sum, hits = tf.constant(0.0), tf.constant(0.0)
        start = tf.constant(0)
        while start < rows:
            batch = order[start : start + size]
            x, y = tf.gather(self._train[0], batch), tf.gather(self._train[1], batch)
            loss, output = self._step(x, y)
            loss_sum += loss * tf.cast(tf.size(batch), tf.float32)
            hits += tf.reduce_sum(self._hits(y, output))
            start += size
        return loss_sum / tf.cast(rows, tf.float32), hits / tf.cast(rows, tf.float32)

    def _step(self, x: Any, y: Any) -> tuple[Any, Any]:
        model = self.model
        with tf.GradientTape() as tape:
            output = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=output, training=True)
        gradients = tape.gradient(loss, model.trainable_weights)
        model.optimizer.apply(gradients, model.trainable_weights)
        return loss, output

    def _validation(self) -> tuple[Any, Any]:
        x, y = self._held
        output = self.model(x, training=False)
        loss = self.model.compute_loss(x=x, y=y, y_pred=output, training=False)
        return loss, tf.reduce_mean(self._hits(y, output))

    def _batch_gradients(self, chosen: Any) -> list[Any]:
        x, y = tf.gather(self._train[0], chosen), tf.gather(self._train[1], chosen)
        kernels = [layer.kernel for layer in self.model.layers if hasattr(layer, "kernel")]
        with tf.GradientTape() as tape:
            loss = self.model.compute_loss(x=x, y=y, y_pred=self.model(x, training=True), training=True)
        return tape.gradient(loss, [kernel.value for kernel in kernels], unconnected_gradients="zero")

    def _hits(self, y: Any, output: Any) -> Any:
        if output.shape[-1] == 1:
            said = tf.cast(output[:, 0] > self._threshold, tf.int64)
        else:
            said = tf.argmax(output, axis=-1)
        wide = len(y.shape) > 1 and y.shape[-1] > 1
        truth = tf.argmax(y, axis=-1) if wide else tf.cast(tf.reshape(y, [-1]), tf.int64)
        return tf.cast(tf.equal(said, truth), tf.float32)


@dataclass(frozen=True)
class Trained:
    """A finished training: accuracy on fresh rows at its end and at its best epoch by validation."""

    history: list[Epoch]
    accuracy: float
    best_accuracy: float
    best_val_accuracy: float


class Best:
    """Keeps the weights of the best epoch, by validation accuracy, then by the smaller validation loss."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.key = (-np.inf, -np.inf)
        self.weights: list[np.ndarray] | None = None
        self.model: keras.Model | None = None

    def offer(self, model: keras.Model, epoch: Epoch) -> None:
        """Take the model's weights if its epoch is better than all before."""
        loss = epoch.val_loss if np.isfinite(epoch.val_loss) else np.inf
        key = (epoch.val_accuracy, -loss)
        if key > self.key:
            self.key, self.model, self.weights = key, model, model.get_weights()

    def score(self, parts: Parts) -> float:
        """Return the accuracy on the fresh rows of the best weights; the model keeps its own."""
        if self.model is None or self.weights is None:
            return 0.0
        own = self.model.get_weights()
        self.model.set_weights(self.weights)
        found = accuracy(self.model, *parts.fresh)
        self.model.set_weights(own)
        return found


def train(model: keras.Model, parts: Parts, *, epochs: int, batch_size: int, seed: int) -> Trained:
    """Train for all epochs and score."""
    training, best = Training(model, parts, batch_size, seed), Best()
    for _ in range(epochs):
        best.offer(model, training.epoch())
    return Trained(training.history, training.score(), best.score(parts), best.key[0])


def first_at(history: list[Epoch], value: float) -> int | None:
    """Return the number, from 1, of the first epoch whose validation accuracy reaches a value."""
    return next((n for n, epoch in enumerate(history, 1) if epoch.val_accuracy >= value), None)
