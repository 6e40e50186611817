"""The compiled program that trains a population for a stretch of batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archmend.training.fused.arrangement import Arrays, Batch, Form
from archmend.training.fused.forward import MOMENTUM, apart
from archmend.training.fused.rules import Rule


@dataclass(frozen=True)
class Setting:
    """All that a compiled program depends on but the data.

    Attributes:
        form: of the networks. rule: of the optimiser. batch_size: rows a step.
    """

    form: Form
    rule: Rule
    batch_size: int


def compiled(setting: Setting, x: Any, y: Any) -> Any:
    """Return a function that trains a population on rows of a data set.

    It takes the state (a flat list: each trained array with its moments, then the moving statistics), facts
    and learning rates by name, the order of rows, the batch to begin with, the one to end before and the
    number of steps before these; it returns the new state and the sum of each network's losses over the rows.
    """
    import tensorflow as tf

    names, statistics = tuple(setting.form.trained), tuple(setting.form.moving)
    per = 1 + setting.rule.moments
    batch_size = setting.batch_size

    def step(batch: Any, order: Any, steps: Any, facts: Arrays, rates: Arrays, state: list[Any]) -> Any:
        first = batch * batch_size
        count = tf.minimum(order.shape[0] - first, batch_size)
        inside = tf.range(batch_size) < count
        chosen = tf.gather(order, tf.minimum(first + tf.range(batch_size), order.shape[0] - 1))
        weights = tf.cast(inside, tf.float32) / tf.cast(count, tf.float32)
        rows, labels = apart(tf.gather(x, chosen)), tf.gather(y, chosen)
        values = dict(zip(names, state[: len(names) * per : per], strict=True))
        number = steps + batch + 1
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            logits, seen = setting.form.forward(facts, values, Batch(rows, weights, number))
            losses = tf.reduce_sum(_cross_entropy(logits, labels) * weights, axis=1)
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        new: list[Any] = []
        number = tf.cast(number, tf.float32)
        for i, name in enumerate(names):
            value, *moments = state[i * per : (i + 1) * per]
            rate = rates[name]
            new += setting.rule.update(
                value, moments, gradients[name], setting.rule.factors(rate, number), rate
            )
        for name, before in zip(statistics, state[len(names) * per :], strict=True):
            new.append(before * MOMENTUM + seen[name] * (1 - MOMENTUM))
        return losses * tf.cast(count, tf.float32), new

    @tf.function(jit_compile=True, autograph=False)
    def stretch(
        state: list[Any], facts: Arrays, rates: Arrays, order: Any, first: Any, last: Any, steps: Any
    ) -> Any:
        def body(batch: Any, total: Any, *state: Any) -> Any:
            losses, new = step(batch, order, steps, facts, rates, list(state))
            return batch + 1, total + losses, *new

        _, total, *after = tf.while_loop(
            lambda batch, *_: batch < last, body, (first, tf.zeros(setting.form.networks), *state)
        )
        return after, total

    return stretch


def _cross_entropy(logits: Any, labels: Any) -> Any:
    """Return the loss of each row, (networks, rows), of logits (networks, classes, rows)."""
    import tensorflow as tf

    right = tf.one_hot(labels, logits.shape[1], axis=0)
    logits = logits - tf.stop_gradient(tf.reduce_max(logits, axis=1, keepdims=True))
    return tf.math.log(tf.reduce_sum(tf.exp(logits), axis=1)) - tf.reduce_sum(logits * right, axis=1)
