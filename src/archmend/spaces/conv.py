"""Convolutional networks for images: a finite space, and the same one without an end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from archmend.errors import BadInput
from archmend.spaces.choice import Choice, OpenIntegers, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.family import (
    ACTIVATION,
    LEARNING_RATE,
    NORMALIZATION,
    Family,
    Rows,
    Values,
    one_of,
    whole,
)
from archmend.spaces.fc import LEARNING_RATES
from archmend.spaces.layers import Layer, Network, chain_cost, classifying


def _network(a: Values, rows: Rows) -> Network:
    layers: list[Layer] = []
    height, width, channels = rows.shape
    activation, normalized = str(a["activation"]), a["normalization"] == "batch"
    for number in range(1, int(a["blocks"]) + 1):
        filters, kernel = int(a[f"filters_{number}"]), int(a[f"kernel_{number}"])
        halved = (height + 1) // 2, (width + 1) // 2
        # A stride halves the convolution's own output, pooling only what comes after it.
        strided = a[f"pool_{number}"] == "stride"
        layers.append(
            Layer(
                kernel * kernel * channels,
                filters,
                math.prod(halved if strided else (height, width)),
                activation,
                normalized,
                size=kernel,
                stride=2 if strided else 1,
                pool=not strided,
                grid=halved,
            )
        )
        (height, width), channels = halved, filters
    inputs, hidden = height * width * channels, int(a["dense"])
    if hidden:
        layers.append(Layer(inputs, hidden, 1, activation))
        inputs = hidden
    return classifying(a, layers, inputs, rows.classes)


def refuse_no_images(space: str, rows: Rows) -> None:
    """Refuse rows that are no images.

    Raises:
        BadInput: they are not.
    """
    if len(rows.shape) != 3:
        raise BadInput(
            f"space {space!r} needs images (height, width, channels), got rows of shape {rows.shape}; "
            "use 'fc' for vectors and tables"
        )


FAMILY = Family(
    "conv",
    "images",
    Rows((28, 28, 1), 10),
    (
        whole("blocks", 1, needed=True),
        whole("filters", 1, needed=True, each="blocks"),
        whole("kernel", 1, usual=3, each="blocks"),
        one_of("pool", "max", "stride", each="blocks"),
        whole("dense", 0, usual=0),
        ACTIVATION,
        NORMALIZATION,
        LEARNING_RATE,
    ),
    lambda a, rows: chain_cost(_network(a, rows)),
    refuse_no_images,
    network=_network,
)


def _items(blocks: Sequence[int] | OpenIntegers, filters: Sequence[int] | OpenIntegers) -> tuple[Item, ...]:
    each = (Choice("filters", filters), Choice("kernel", (3, 5)), Choice("pool", ("max", "stride")))
    return (
        Choice("blocks", blocks),
        Repeat("blocks", each),
        Choice("dense", (0, 32, 64, 128)),
        Choice("activation", ("relu", "elu")),
        Choice("normalization", ("none", "batch")),
        Choice("learning_rate", LEARNING_RATES),
    )


CONV = _items(range(1, 4), (8, 16, 32, 64))
"""`blocks` 1..3 of `filters`, `kernel` and `pool`; `dense`, `activation`, `normalization`, rate."""

CONV_OPEN = _items(OpenIntegers(minimum=1, mean=2.5), OpenIntegers(minimum=1, mean=32.0, doubling=True))
"""The choices of `conv` with any number of blocks and any number of filters in each.

Blocks are drawn from a geometric distribution of mean 2.5, filters from one of mean 32; mutation
and neighbours add or take one, and double or halve filters.
"""
