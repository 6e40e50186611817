"""Training one Keras model on arrays in memory, with little besides the arithmetic.

Keras's `fit` comes back to Python for every batch, which for small networks takes longer than the batch.
Here a stretch of batches is one compiled loop on data that lies on the device.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from archmend.training.pacing import Pacing

_MEASURING = 0.5
"""Seconds that compiling the forward pass and computing the metrics take."""
_PREDICT = 1024
_ALIGNMENT = 64


class NotFiniteError(Exception):
    """The training loss is NaN or infinite."""


class Fitting:
    """Trains a compiled model epoch by epoch; what it does depends on the model and the seed alone.

    Attributes:
        model: in training. epochs: trained so far, with the share of one that was cut.
        losses: mean loss of the batches of each whole epoch.
    """

    def __init__(
        self, model: Any, rows: DeviceRows, *, batch_size: int, seed: int, measured: int = 0, begun: int = 0
    ) -> None:
        """Compile nothing yet.

        Args:
            model: compiled, on encoded rows.
            rows: to train on.
            batch_size: rows a step.
            seed: of the order of rows.
            measured: rows that are predicted afterwards; what that takes is left before a deadline.
            begun: epochs that the model was trained before with the same seed; their orders of rows are
                not drawn again.
        """
        self.model = model
        self.epochs = float(begun)
        self.losses: list[float] = []
        self._rows = rows
        self._batch_size = batch_size
        self._rng = np.random.default_rng(seed)
        for _ in range(begun):
            self._rng.permutation(rows.count)
        self._batches = -(-rows.count // batch_size)
        self._measured = measured / batch_size
        self._pacing = Pacing()
        self._stretch = _compiled(model, rows, batch_size)

    def epoch(self, deadline: float | None = None) -> bool:
        """Train one epoch; return False if the deadline cut it.

        Args:
            deadline: a moment of `time.monotonic` at which what was trained shall be measured, too.

        Raises:
            NotFiniteError: the loss is NaN or infinite.
        """
        import tensorflow as tf

        begun, first = round(self.epochs), 0
        order = tf.constant(self._rng.permutation(self._rows.count))
        total = 0.0
        while first < self._batches:
            started = time.monotonic()
            if deadline is not None and started >= deadline - self._reserve():
                return False
            last = self._batches if deadline is None else min(first + self._pacing.stretch, self._batches)
            loss = float(self._stretch(order, first, last))
            if not np.isfinite(loss):
                self.epochs = begun  # where a stretch ends depends on the clock, and this must not
                raise NotFiniteError
            self._pacing.learn(last - first, time.monotonic() - started)
            self.epochs = begun + last / self._batches
            total += loss * (last - first)
            first = last
        self.losses.append(total / self._batches)
        return True

    def _reserve(self) -> float:
        """Return the seconds that measuring will take: a forward pass is about a third of a training step."""
        return _MEASURING + (self._pacing.seconds or 0.0) * self._measured / 2


class DeviceRows:
    """Rows and labels that lie on the device for as long as models are trained on them."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        """Bring the arrays to the device; where that is the processor, what is aligned is not copied.

        Args:
            x: encoded rows (rows, ...), float32, which nobody writes to afterwards.
            y: class indices (rows,).
        """
        self.count = len(y)
        self.x = _on_device(x)
        self.y = _on_device(y)


def _on_device(array: np.ndarray) -> Any:
    import tensorflow as tf

    # TensorFlow takes foreign memory as it is only where its vector instructions can, and copies else.
    usable = array.flags.writeable and array.flags.c_contiguous and array.ctypes.data % _ALIGNMENT == 0
    if usable and array.size and not tf.config.get_visible_devices("GPU"):
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


def predict(model: Any, rows: DeviceRows) -> np.ndarray:
    """Return the model's output for all rows, (rows, classes)."""
    import tensorflow as tf

    forward = tf.function(lambda x: model(x, training=False), reduce_retracing=True)
    parts = [forward(rows.x[i : i + _PREDICT]) for i in range(0, rows.count, _PREDICT)]
    return np.concatenate([part.numpy() for part in parts]).astype(np.float64)


def _compiled(model: Any, rows: DeviceRows, batch_size: int) -> Any:
    import tensorflow as tf

    model.optimizer.build(model.trainable_variables)
    signature = [
        tf.TensorSpec((rows.count,), tf.int64),
        tf.TensorSpec((), tf.int32),
        tf.TensorSpec((), tf.int32),
    ]

    def step(batch: Any, total: Any, order: Any, last: Any) -> tuple[Any, Any, Any, Any]:
        chosen = order[batch * batch_size : (batch + 1) * batch_size]
        x, y = tf.gather(rows.x, chosen), tf.gather(rows.y, chosen)
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return batch + 1, total + loss, order, last

    # The loop is written out, for AutoGraph cannot turn Python's own into one on Python 3.13.
    @tf.function(input_signature=signature, autograph=False)
    def stretch(order: Any, first: Any, last: Any) -> Any:
        _, total, _, _ = tf.while_loop(
            lambda batch, total, order, last: batch < last,
            step,
            (first, tf.constant(0.0), order, last),
            parallel_iterations=1,
        )
        return total / tf.cast(last - first, tf.float32)

    return stretch
