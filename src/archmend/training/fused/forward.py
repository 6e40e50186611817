"""What all networks of a population compute of the same rows, as one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from archmend.training.fused.layout import FIRST, Form
from archmend.training.fused.noise import kept

EPSILON, MOMENTUM = 1e-3, 0.99
"""Of Keras's batch normalisation, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the networks of a population do behind their kernels, as far as the program depends on it.

    Attributes:
        activations: names, of all that some network has. normalized, dropout: whether any network has it.
    """

    activations: tuple[str, ...]
    normalized: bool
    dropout: bool


@dataclass(slots=True)
class Forward:
    """One pass through a population.

    Attributes:
        form, kinds: of it. facts: arrays by name that say of each hidden layer what it does.
        weights: trainable arrays by name. rows: weight of each row in a mean, (rows,): zero for none.
        noise: keys of dropout by bucket.
        statistics: means and variances of the batch by bucket, after a pass.
    """

    form: Form
    kinds: Kinds
    facts: Mapping[str, Any]
    weights: Mapping[str, Any]
    rows: Any
    noise: Mapping[int, Any]
    statistics: dict[str, list[Any]]

    def logits(self, x: Any) -> Any:
        """Return the logits (networks, classes, rows) of encoded rows (rows, inputs)."""
        import tensorflow as tf

        x = apart(tf.concat([x, tf.ones((x.shape[0], 1))], axis=1))
        form = self.form
        kernels = {name: self._split(name) for name in form.shapes if name.startswith("kernel")}
        buckets = range(len(form.widths))
        sums = self._first(x)
        ended: list[list[Any]] = [[] for _ in buckets]
        for number, level in enumerate(form.levels):
            outputs: dict[int, Any] = {}
            for bucket in buckets:
                if not level.counts[bucket]:
                    continue
                output = self._behind(bucket, number, sums[bucket])
                order = level.orders[bucket]
                if order is not None:
                    output = _arranged(output, order)
                if level.ending[bucket] < level.counts[bucket]:
                    ended[bucket].append(output[level.ending[bucket] :])
                outputs[bucket] = output
            arriving: list[list[Any]] = [[] for _ in buckets]
            for p in level.products:
                source = outputs[p.source]
                if (p.begin, p.end) != (0, level.counts[p.source]):
                    source = source[p.begin : p.end]
                arriving[p.target].append(product(kernels[p.name][number], source))
            sums = [_joined(each) for each in arriving]
        out = [
            product(self.weights[f"output-{bucket}"], _joined(each))
            for bucket, each in enumerate(ended)
            if each
        ]
        return _joined(out)

    def _first(self, x: Any) -> list[Any]:
        """Return the sums of the first layers by bucket, from one product."""
        import tensorflow as tf

        counts, widths = self.form.levels[0].counts, self.form.widths
        spread = [tf.reshape(self.facts[f"spread-{b}"], (-1,)) for b, n in enumerate(counts) if n]
        back = self.facts["gathered"]

        @tf.custom_gradient
        def apart(together: Any) -> tuple[Any, Any]:
            # By a gather both ways: the gradient of a gather would be a scatter, which is slow.
            def gradient(*parts: Any) -> Any:
                return tf.gather(tf.concat(parts, axis=0), back)

            return [tf.gather(together, places) for places in spread], gradient

        parts = iter(apart(tf.matmul(self.weights[FIRST], x, transpose_b=True)))
        rows = x.shape[0]
        return [
            tf.reshape(next(parts), (n, w + 1, rows)) * self.facts[f"real-{b}"][:n, :, None] if n else None
            for b, (n, w) in enumerate(zip(counts, widths, strict=True))
        ]

    def _split(self, name: str) -> Sequence[Any]:
        """Return the parts of an array of kernels by level; None where a level has none."""
        import tensorflow as tf

        levels = self.form.levels
        counts = [sum(p.end - p.begin for p in level.products if p.name == name) for level in levels]
        array = self.weights[name]
        if sum(n > 0 for n in counts) == 1:
            return [array if n else None for n in counts]
        return list(tf.split(array, counts, axis=0))

    def _behind(self, bucket: int, number: int, total: Any) -> Any:
        """Return what stands behind a kernel: normalisation, activation, dropout, and the unit that is 1."""
        import tensorflow as tf

        bounds = [0, *accumulate(level.counts[bucket] for level in self.form.levels)]
        here = slice(*list(pairwise(bounds))[number])
        if self.kinds.normalized:
            total = self._normalized(bucket, here, total)
        output = self._activated(bucket, here, total)
        if self.kinds.dropout:
            share = self.facts[f"dropout-{bucket}"][here][:, None, None]
            there = kept(self.noise[bucket][here], output.shape, share)
            output = output * (apart(tf.cast(there, tf.float32)) * (1 / (1 - share)))
        last = tf.range(output.shape[1]) == self.form.widths[bucket]
        return fenced(tf.where(last[None, :, None], 1.0, output))

    def _normalized(self, bucket: int, here: slice, total: Any) -> Any:
        gamma, beta = (self.weights[f"{name}-{bucket}"][here] for name in ("gamma", "beta"))
        normal, mean, variance = batch_normalized(total, gamma, beta, self.rows)
        self.statistics.setdefault(f"mean-{bucket}", []).append(mean)
        self.statistics.setdefault(f"variance-{bucket}", []).append(variance)
        has = self.facts[f"normalized-{bucket}"][here][:, None, None]
        return normal * has + total * (1 - has)

    def _activated(self, bucket: int, here: slice, total: Any) -> Any:
        import keras
        import tensorflow as tf

        names = self.kinds.activations
        if len(names) == 1:
            output = keras.activations.get(names[0])(total)
        else:
            # Factors of 0 and 1, for LLVM would make a loop of its own for each outcome of a choice.
            has = self.facts[f"activation-{bucket}"][here][:, :, None, None]
            made = [keras.activations.get(name)(total) * has[:, i] for i, name in enumerate(names)]
            output = tf.add_n(made)
        if "sigmoid" in names:
            # The only one that is not zero at zero, which padded units have to be.
            output = output * self.facts[f"real-{bucket}"][here][:, :, None]
        return output


def batch_normalized(total: Any, gamma: Any, beta: Any, rows: Any) -> tuple[Any, Any, Any]:
    """Return sums (networks, units, rows) normalised over the rows, and each unit's mean and variance.

    Every sum over rows is a product with a vector: written as sums, XLA would unroll them one by one.

    Args:
        total: what is normalised.
        gamma: scale of each unit, (networks, units).
        beta: its shift.
        rows: weight of each row in a mean.
    """
    import tensorflow as tf

    every = tf.ones_like(rows)

    @tf.custom_gradient
    def normalized(x: Any, gamma: Any, beta: Any) -> tuple[Any, Any]:
        mean = _over(x, rows)
        centered = apart(x - mean[:, :, None])
        variance = _over(centered * centered, rows)
        scale = tf.math.rsqrt(variance + EPSILON)
        unit = apart(centered * scale[:, :, None])

        def gradient(upstream: Any, *_: Any) -> tuple[Any, Any, Any]:
            shift, stretch = _over(upstream, every), _over(upstream * unit, every)
            both = shift[:, :, None] + unit * stretch[:, :, None]
            return (upstream - both * rows) * (gamma * scale)[:, :, None], stretch, shift

        return (unit * gamma[:, :, None] + beta[:, :, None], mean, variance), gradient

    made: tuple[Any, Any, Any] = normalized(total, gamma, beta)
    return made


def _over(values: Any, rows: Any) -> Any:
    """Return the sums over the rows, each with its weight."""
    import tensorflow as tf

    networks, units, count = values.shape
    flat = tf.reshape(apart(values), (networks * units, count))
    return tf.reshape(tf.matmul(flat, rows[:, None]), (networks, units))


def product(kernels: Any, outputs: Any) -> Any:
    """Return batched products (networks, units, rows).

    The gradient of the outputs multiplies by kernels that were turned round before: that is up to twice as
    fast as a product which turns them as it goes.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def multiplied(k: Any, a: Any) -> tuple[Any, Any]:
        def gradient(upstream: Any) -> tuple[Any, Any]:
            turned = apart(tf.transpose(k, (0, 2, 1)))
            return tf.matmul(upstream, a, transpose_b=True), tf.matmul(turned, upstream)

        return tf.matmul(k, a), gradient

    return multiplied(kernels, outputs)


def fenced(tensor: Any) -> Any:
    """Return a tensor that is computed once, and so is its gradient: XLA else repeats it in what uses it."""
    import tensorflow as tf

    return tf.custom_gradient(lambda x: (apart(x), apart))(tensor)


def apart(tensor: Any) -> Any:
    """Keep XLA from joining what made a tensor with what uses it."""
    from tensorflow.compiler.tf2xla.ops import gen_xla_ops

    return gen_xla_ops.xla_optimization_barrier([tensor])[0]


def _joined(parts: Sequence[Any]) -> Any:
    """Return networks together; what made them is not repeated for each of its elements, as XLA would."""
    import tensorflow as tf

    if len(parts) < 2:
        return parts[0] if parts else None

    @tf.custom_gradient
    def joined(*parts: Any) -> tuple[Any, Any]:
        counts = [part.shape[0] for part in parts]
        together = tf.concat([apart(part) for part in parts], axis=0)
        return together, lambda upstream: tf.split(upstream, counts, axis=0)

    return joined(*parts)


def _arranged(output: Any, order: tuple[int, ...]) -> Any:
    """Return the networks in another order; back again by the same means, for a scatter would be slow."""
    import tensorflow as tf

    back = sorted(range(len(order)), key=lambda i: order[i])

    @tf.custom_gradient
    def arranged(x: Any) -> tuple[Any, Any]:
        return tf.gather(x, order), lambda upstream: tf.gather(upstream, back)

    return arranged(output)
