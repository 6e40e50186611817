"""The compiled program that trains a population for a stretch of batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archmend.training.fused.forward import MOMENTUM, Forward, Kinds, apart
from archmend.training.fused.layout import Form
from archmend.training.fused.noise import keys
from archmend.training.fused.rules import Rule

Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """All that a compiled program depends on but the data.

    Attributes:
        form, kinds: of the population. rule: of the optimiser. batch_size: rows a step.
    """

    form: Form
    kinds: Kinds
    rule: Rule
    batch_size: int


def trained(setting: Setting) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of the arrays that gradients change."""
    form, found = setting.form, setting.form.shapes
    if setting.kinds.normalized:
        for bucket, width in enumerate(form.widths):
            for name in ("gamma", "beta"):
                found[f"{name}-{bucket}"] = (form.count(bucket), width + 1)
    return found


def moving(setting: Setting) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of the statistics of batch normalisation."""
    form = setting.form
    if not setting.kinds.normalized:
        return {}
    names = [(name, bucket) for bucket in range(len(form.widths)) for name in ("mean", "variance")]
    return {f"{name}-{b}": (form.count(b), form.widths[b] + 1) for name, b in names}


def compiled(setting: Setting, x: Any, y: Any) -> Any:
    """Return a function that trains a population on rows of a data set.

    It takes the state (a flat list: each trained array with its moments, then the moving statistics), facts
    and learning rates by name, the order of rows, the batch to begin with, the one to end before and the
    number of steps before these; it returns the new state and the sum of each network's losses over the rows.
    """
    import tensorflow as tf

    names, statistics = tuple(trained(setting)), tuple(moving(setting))
    per = 1 + setting.rule.moments
    batch_size = setting.batch_size

    def step(batch: Any, order: Any, steps: Any, facts: Arrays, rates: Arrays, state: list[Any]) -> Any:
        first = batch * batch_size
        count = tf.minimum(order.shape[0] - first, batch_size)
        inside = tf.range(batch_size) < count
        chosen = tf.gather(order, tf.minimum(first + tf.range(batch_size), order.shape[0] - 1))
        weights = tf.cast(inside, tf.float32) / tf.cast(count, tf.float32)
        rows, labels = apart(tf.gather(x, chosen)), tf.gather(y, chosen)
        rows = apart(tf.concat([rows, tf.ones((batch_size, 1))], axis=1))
        values = dict(zip(names, state[: len(names) * per : per], strict=True))
        number = steps + batch + 1
        noise = (
            {b: keys(facts[f"seed-{b}"], number) for b in range(len(setting.form.widths))}
            if setting.kinds.dropout
            else {}
        )
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            forward = Forward(setting.form, setting.kinds, facts, values, weights, noise, {})
            logits = forward.logits(rows)
            losses = tf.reduce_sum(_cross_entropy(logits, labels) * weights, axis=1)
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, values)
        new: list[Any] = []
        number = tf.cast(number, tf.float32)
        for i, name in enumerate(names):
            value, *moments = state[i * per : (i + 1) * per]
            rate = rates[name]
            new += setting.rule.update(
                value, moments, gradients[name], setting.rule.factors(rate, number), rate
            )
        for name, before in zip(statistics, state[len(names) * per :], strict=True):
            seen = tf.concat(forward.statistics[name], axis=0)
            new.append(before * MOMENTUM + seen * (1 - MOMENTUM))
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
