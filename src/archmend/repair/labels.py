"""How a model's output is compared with the labels: accuracy, and a loss for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import tensorflow as tf

Kind = Literal["index", "onehot", "binary", "other"]
SMALLEST = 1e-7
"""Probabilities are clipped here before the logarithm, as Keras' losses do."""


@dataclass(frozen=True)
class Labels:
    """What the labels are, as the compiled loss reads them.

    Attributes:
        kind: `index` class indices, `onehot` a probability a class, `binary` 0/1 for every output unit,
            `other` anything else (no accuracy: it is NaN).
        from_logits: whether the output still lacks its softmax or sigmoid.
    """

    kind: Kind
    from_logits: bool = False

    def correct(self, y: Any, output: Any) -> Any:
        """Return for each row how right it is, 0..1: a tensor (rows,)."""
        if self.kind == "other":
            return tf.fill([tf.shape(output)[0]], np.float32(np.nan))
        if self.kind == "binary":
            threshold = 0.0 if self.from_logits else 0.5
            said = tf.cast(output > threshold, tf.float32)
            hits = tf.cast(tf.equal(said, tf.reshape(tf.cast(y, tf.float32), tf.shape(said))), tf.float32)
            return tf.reduce_mean(tf.reshape(hits, [tf.shape(hits)[0], -1]), axis=1)
        said = tf.argmax(output, axis=-1, output_type=tf.int32)
        truth = tf.argmax(y, axis=-1, output_type=tf.int32) if self.kind == "onehot" else tf.cast(y, tf.int32)
        hits = tf.cast(tf.equal(said, tf.reshape(truth, tf.shape(said))), tf.float32)
        return tf.reduce_mean(tf.reshape(hits, [tf.shape(hits)[0], -1]), axis=1)

    def row_losses(self, y: Any, output: Any) -> Any:
        """Return the negative log-likelihood of each row's label; the squared error for `other`: (rows,)."""
        output = tf.cast(output, tf.float32)
        rows = tf.shape(output)[0]
        if self.kind == "binary":
            truth = tf.reshape(tf.cast(y, tf.float32), tf.shape(output))
            p = tf.sigmoid(output) if self.from_logits else output
            p = tf.clip_by_value(p, SMALLEST, 1 - SMALLEST)
            loss = -(truth * tf.math.log(p) + (1 - truth) * tf.math.log(1 - p))
        elif self.kind == "other":
            loss = tf.square(tf.reshape(tf.cast(y, tf.float32), tf.shape(output)) - output)
        else:
            # Scaled to sum 1 as Keras does, so that class scores from sigmoids are comparable too.
            p = tf.nn.softmax(output) if self.from_logits else output
            # An output that is no probability at all (a linear one under a squared error) is cut to one.
            p = tf.where(p < 0, tf.zeros_like(p), p)
            p = p / tf.maximum(tf.reduce_sum(p, axis=-1, keepdims=True), np.finfo(np.float32).tiny)
            log = tf.math.log(tf.clip_by_value(p, SMALLEST, 1.0))
            if self.kind == "onehot":
                loss = -tf.reduce_sum(tf.cast(y, tf.float32) * log, axis=-1)
            else:
                truth = tf.reshape(tf.cast(y, tf.int32), tf.shape(log)[:-1])
                loss = -tf.gather(log, truth, batch_dims=len(log.shape) - 1)
        return tf.reduce_mean(tf.reshape(loss, [rows, -1]), axis=1)

    def chance(self, y: np.ndarray) -> float:
        """Return the accuracy of always naming the commonest class of `y`."""
        if self.kind == "other" or (self.kind == "binary" and y[0].size > 1):
            return float("nan")
        classes = y.argmax(axis=-1) if self.kind == "onehot" else y
        _, counts = np.unique(classes, return_counts=True)
        return float(counts.max() / counts.sum())
