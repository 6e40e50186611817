"""Which outputs dropout keeps: a hash of the network's own key, so that no other network changes it."""

from __future__ import annotations

from typing import Any


def mixed(numbers: Any) -> Any:
    """Return a hash of 32-bit numbers: the finaliser of MurmurHash3 (Appleby, public domain)."""
    import tensorflow as tf

    right = tf.bitwise.right_shift
    x = tf.bitwise.bitwise_xor(numbers, right(numbers, _u32(16)))
    x = x * _u32(0x85EBCA6B)
    x = tf.bitwise.bitwise_xor(x, right(x, _u32(13)))
    x = x * _u32(0xC2B2AE35)
    return tf.bitwise.bitwise_xor(x, right(x, _u32(16)))


def keys(seeds: Any, step: Any) -> Any:
    """Return a key for each layer in a step, (layers,) uint32.

    Args:
        seeds: of the layers, (layers,) uint32.
        step: number of the step.
    """
    import tensorflow as tf

    return mixed(seeds + mixed(tf.cast(step, tf.uint32) * _u32(0x9E3779B9)))


def kept(keys: Any, shape: Any, share: Any) -> Any:
    """Return whether each output is kept, (layers, units, rows).

    Args:
        keys: (layers,).
        shape: of the outputs.
        share: that is dropped, broadcast to the outputs.
    """
    import tensorflow as tf

    _, units, rows = shape
    # A place does not depend on the padded width, so that padding changes nothing.
    places = tf.range(units, dtype=tf.int32)[:, None] * rows + tf.range(rows, dtype=tf.int32)[None, :]
    drawn = mixed(keys[:, None, None] + tf.cast(places, tf.uint32)[None] * _u32(0x9E3779B1))
    uniform = tf.cast(tf.bitwise.right_shift(drawn, _u32(8)), tf.float32) * (1.0 / (1 << 24))
    return uniform >= share


def _u32(value: int) -> Any:
    import tensorflow as tf

    return tf.constant(value, tf.uint32)
