"""Fully connected and convolutional networks: chains of a kernel with what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archmend.networks.families.common import Seeds, normalized
from archmend.spaces.family import Rows, Values


def fully_connected(a: Values, _: Rows, seeds: Seeds) -> Iterator[Any]:
    """Yield `depth` dense layers, each with normalisation, activation and dropout."""
    import keras

    yield keras.layers.Flatten(name="flatten")
    activation = str(a["activation"])
    for number in range(1, int(a["depth"]) + 1):
        yield keras.layers.Dense(
            int(a[f"width_{number}"]),
            kernel_initializer=seeds.initializer(activation),
            name=f"dense_{number}",
        )
        yield from normalized(a, activation, number)
        if a["dropout"]:
            yield keras.layers.Dropout(float(a["dropout"]), seed=next(seeds), name=f"dropout_{number}")


def conv(a: Values, _: Rows, seeds: Seeds) -> Iterator[Any]:
    """Yield `blocks` convolutions that halve the image, and at most one dense layer."""
    import keras

    activation = str(a["activation"])
    for number in range(1, int(a["blocks"]) + 1):
        by_stride = a[f"pool_{number}"] == "stride"
        yield keras.layers.Conv2D(
            int(a[f"filters_{number}"]),
            int(a[f"kernel_{number}"]),
            strides=2 if by_stride else 1,
            padding="same",
            kernel_initializer=seeds.initializer(activation),
            name=f"conv_{number}",
        )
        yield from normalized(a, activation, number)
        if not by_stride:
            yield keras.layers.MaxPooling2D(2, padding="same", name=f"pool_{number}")
    yield keras.layers.Flatten(name="flatten")
    if a["dense"]:
        yield keras.layers.Dense(
            int(a["dense"]), activation, kernel_initializer=seeds.initializer(activation), name="dense_1"
        )
