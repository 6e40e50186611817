"""What convolutional networks compute, with gradients, in a layout that is all long loops and products.

Numbers are (networks, channels, places, rows): rows come last, so that every loop runs over the batch. A
convolution is one product with what its taps read, gathered place by place (`Grid`). Its gradients are two
more products, and a sum of gathers, for a scatter would be slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from archmend.training.fused.conv.grid import NONE, Grid
from archmend.training.fused.forward import EPSILON


@dataclass(frozen=True, slots=True)
class Once:
    """Has XLA compute something once.

    XLA on a processor puts loops together as long as they are no products, and then computes again for each
    tap what all of them read: a step took a hundred times as long. It does not look into a condition, nor
    past it, unless no arithmetic is in it; this one always holds.

    Attributes:
        number: of the step, from 1, which XLA does not know.
    """

    number: Any

    def __call__(self, make: Callable[[], Any], shape: tuple[int, ...]) -> Any:
        """Return what is made, of this shape; what it is made of is computed once, too."""
        import tensorflow as tf

        return tf.cond(self.number > 0, make, lambda: tf.zeros(shape))


def adds_behind(filters: int, channels: int, grid: Grid) -> bool:
    """Return whether a convolution is cheaper if its taps are added up behind the product, and not in it.

    Gathered before, there are all taps of each channel and output; behind, all taps of each filter and place.
    """
    return filters * grid.inputs < channels * grid.outputs


def convolved(kernels: Any, images: Any, grid: Grid, once: Once, *, behind: bool, first: bool = False) -> Any:
    """Return convolutions without bias, (networks, filters, outputs, rows).

    Args:
        kernels: (networks, filters, channels x taps), or (networks, filters x taps, channels).
        images: (networks, channels, inputs, rows).
        grid: of the layer.
        once: of the step.
        behind: whether the taps are added up behind the product, which takes kernels of the second kind.
        first: whether nothing lies before it that would need a gradient.
    """
    import tensorflow as tf

    run = _behind if behind else _before
    return tf.custom_gradient(lambda k, a: run(k, a, grid, once, first))(kernels, images)


def _before(k: Any, a: Any, grid: Grid, once: Once, first: bool) -> tuple[Any, Callable[..., Any]]:
    import tensorflow as tf

    (networks, channels, inputs, rows), filters = a.shape, k.shape[1]
    read = (networks, channels * grid.taps, grid.outputs * rows)
    patches = once(lambda: tf.reshape(_gathered(a, grid.read()), read), read)

    def gradient(upstream: Any) -> tuple[Any, Any]:
        flat = tf.reshape(upstream, (networks, filters, -1))
        kernels = tf.matmul(flat, patches, transpose_b=True)
        if first:
            return kernels, None
        each = tf.matmul(tf.transpose(k, (0, 2, 1)), flat)
        each = tf.reshape(each, (networks, channels, grid.taps * grid.outputs, rows))
        return kernels, once(lambda: _summed(each, grid.gathered()), (networks, channels, inputs, rows))

    return tf.reshape(tf.matmul(k, patches), (networks, filters, grid.outputs, rows)), gradient


def _behind(k: Any, a: Any, grid: Grid, once: Once, first: bool) -> tuple[Any, Callable[..., Any]]:
    import tensorflow as tf

    (networks, channels, inputs, rows), filters = a.shape, k.shape[1] // grid.taps
    flat = tf.reshape(a, (networks, channels, inputs * rows))
    read = grid.read()
    places = np.where(read == NONE, NONE, read + np.arange(grid.taps)[:, None] * inputs)
    each = tf.reshape(tf.matmul(k, flat), (networks, filters, grid.taps * inputs, rows))

    def gradient(upstream: Any) -> tuple[Any, Any]:
        shape = (networks, filters * grid.taps, inputs * rows)
        patches = once(lambda: tf.reshape(_gathered(upstream, grid.readers()), shape), shape)
        kernels = tf.matmul(patches, flat, transpose_b=True)
        if first:
            return kernels, None
        return kernels, tf.reshape(tf.matmul(tf.transpose(k, (0, 2, 1)), patches), a.shape)

    return once(lambda: _summed(each, places), (networks, filters, grid.outputs, rows)), gradient


def _gathered(values: Any, table: np.ndarray) -> Any:
    """Return values (networks, channels, places, rows) at the table's places; zero where there is none."""
    import tensorflow as tf

    places = table.reshape(-1)
    found = tf.gather(values, tf.constant(np.maximum(places, 0), tf.int32), axis=2)
    if (places == NONE).any():
        found *= tf.constant(places != NONE, tf.float32)[:, None]
    return found


def _summed(values: Any, table: np.ndarray) -> Any:
    """Return for each column of the table the sum of the values at its places."""
    import tensorflow as tf

    return tf.add_n([_gathered(values, places) for places in table])


def halved(outputs: Any, once: Once) -> Any:
    """Return the largest of a window, (networks, filters, places, rows); its first one has the gradient."""
    import tensorflow as tf

    @tf.custom_gradient
    def run(values: Any) -> tuple[Any, Any]:
        largest, which = _largest(values)

        def gradient(upstream: Any) -> Any:
            return once(lambda: _spread(upstream, which), tuple(values.shape))

        return largest, gradient

    return run(outputs)


def _blocks(values: Any) -> Any:
    import tensorflow as tf

    networks, filters, outputs, rows = values.shape
    return tf.reshape(values, (networks, filters, 4, outputs // 4, rows))


def _largest(values: Any) -> tuple[Any, Any]:
    """Return the largest of four blocks, and the number of the first one that has it."""
    import tensorflow as tf

    a, b, c, d = tf.unstack(_blocks(values), axis=2)
    largest = tf.maximum(tf.maximum(a, b), tf.maximum(c, d))
    which = tf.where(a == largest, 0.0, tf.where(b == largest, 1.0, tf.where(c == largest, 2.0, 3.0)))
    return largest, which


def _spread(values: Any, which: Any) -> Any:
    """Return four blocks, each value in its own and zeros in the others."""
    import tensorflow as tf

    networks, filters, places, rows = values.shape
    numbers = tf.constant([0.0, 1.0, 2.0, 3.0])[:, None, None]
    blocks = tf.cast(which[:, :, None] == numbers, tf.float32) * values[:, :, None]
    return tf.reshape(blocks, (networks, filters, 4 * places, rows))


def normalized(outputs: Any, gamma: Any, beta: Any, weights: Any, once: Once, *, pool: bool) -> Any:
    """Return outputs normalised by batch (and halved, if `pool`), and each filter's mean and variance.

    As scale and shift belong to a filter, the largest is found before it is shifted.

    Args:
        outputs: (networks, filters, outputs, rows).
        gamma: scale of each filter, (networks, filters).
        beta: its shift.
        weights: of each number in a mean, (outputs, rows).
        once: of the step.
        pool: whether to halve.
    """
    import tensorflow as tf

    @tf.custom_gradient
    def run(x: Any, gamma: Any, beta: Any) -> tuple[Any, Any]:
        mean = _over(x, weights)
        variance = _over(tf.square(x - _each(mean)), weights)
        scale = tf.math.rsqrt(variance + EPSILON)
        scaled = (x - _each(mean)) * _each(scale * gamma)
        found, which = _largest(scaled) if pool else (scaled, None)

        def gradient(upstream: Any, *_: Any) -> tuple[Any, Any, Any]:
            unit = (x - _each(mean)) * _each(scale)
            every = tf.ones(upstream.shape[2:])
            shift = _over(upstream, every)
            stretch = _over(upstream * (_chosen(unit, which) if pool else unit), every)

            def back() -> Any:
                wide = _spread(upstream, which) if pool else upstream
                return (wide - weights * (_each(shift) + unit * _each(stretch))) * _each(gamma * scale)

            return once(back, tuple(x.shape)), stretch, shift

        return (found + _each(beta), mean, variance), gradient

    return run(outputs, gamma, beta)


def _chosen(values: Any, which: Any) -> Any:
    """Return of four blocks each place's number of that one."""
    import tensorflow as tf

    a, b, c, d = tf.unstack(_blocks(values), axis=2)
    return tf.where(which == 0.0, a, tf.where(which == 1.0, b, tf.where(which == 2.0, c, d)))


def shifted(values: Any, bias: Any) -> Any:
    """Return values (networks, units, ...) with each unit's bias added."""
    import tensorflow as tf

    @tf.custom_gradient
    def run(values: Any, bias: Any) -> tuple[Any, Any]:
        def gradient(upstream: Any) -> tuple[Any, Any]:
            return upstream, _over(upstream, tf.ones(upstream.shape[2:]))

        return values + tf.reshape(bias, (*bias.shape, *(1,) * (len(values.shape) - 2))), gradient

    return run(values, bias)


def _each(numbers: Any) -> Any:
    """Return a filter's numbers, to be broadcast over its outputs."""
    return numbers[:, :, None, None]


def _over(values: Any, weights: Any) -> Any:
    """Return weighted sums (networks, filters) over the rest: a product, for XLA's own sums are slower."""
    import tensorflow as tf

    networks, filters = values.shape[:2]
    flat = tf.reshape(values, (networks * filters, -1))
    return tf.reshape(tf.matmul(flat, tf.reshape(weights, (-1, 1))), (networks, filters))
