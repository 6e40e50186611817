"""Convolutional networks for images: a finite space, and the same one without an end."""

from __future__ import annotations

from collections.abc import Sequence

from archmend.errors import BadInput
from archmend.spaces import costs
from archmend.spaces.architecture import Architecture
from archmend.spaces.choice import Choice, OpenIntegers, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.fc import LEARNING_RATES
from archmend.spaces.space import Space


def conv(input_shape: tuple[int, ...], classes: int) -> Space:
    """`blocks` 1..3 of `filters`, `kernel` and `pool`; `dense`, `activation`, `normalization`, rate."""
    return _space("conv", range(1, 4), (8, 16, 32, 64), input_shape, classes)


def conv_open(input_shape: tuple[int, ...], classes: int) -> Space:
    """The choices of `conv` with any number of blocks and any number of filters in each.

    Blocks are drawn from a geometric distribution of mean 2.5, filters from one of mean 32; mutation
    and neighbours add or take one, and double or halve filters.
    """
    filters = OpenIntegers(minimum=1, mean=32.0, doubling=True)
    return _space("conv-open", OpenIntegers(minimum=1, mean=2.5), filters, input_shape, classes)


def _space(
    name: str,
    blocks: Sequence[int] | OpenIntegers,
    filters: Sequence[int] | OpenIntegers,
    input_shape: tuple[int, ...],
    classes: int,
) -> Space:
    if len(input_shape) != 3:
        raise BadInput(
            f"space {name!r} needs images (height, width, channels), got rows of shape {input_shape}; "
            "use 'fc' for vectors and tables"
        )

    def cost(a: Architecture) -> dict[str, int]:
        height, width, channels = input_shape
        batch = a["normalization"] == "batch"
        total = costs.Cost()
        for block in range(1, int(a["blocks"]) + 1):
            made, kernel = int(a[f"filters_{block}"]), int(a[f"kernel_{block}"])
            halved = (height + 1) // 2, (width + 1) // 2
            # A stride halves the convolution's own output, pooling only what comes after it.
            out = halved if a[f"pool_{block}"] == "stride" else (height, width)
            total += costs.conv2d(kernel, channels, made, *out)
            if batch:
                total += costs.batch_normalization(made)
            (height, width), channels = halved, made
        inputs, hidden = height * width * channels, int(a["dense"])
        if hidden:
            total += costs.dense(inputs, hidden)
            inputs = hidden
        return (total + costs.dense(inputs, classes)).as_dict()

    block_choices = (Choice("filters", filters), Choice("kernel", (3, 5)), Choice("pool", ("max", "stride")))
    choices: list[Item] = [
        Choice("blocks", blocks),
        Repeat("blocks", block_choices),
        Choice("dense", (0, 32, 64, 128)),
        Choice("activation", ("relu", "elu")),
        Choice("normalization", ("none", "batch")),
        Choice("learning_rate", LEARNING_RATES),
    ]
    return Space(choices, name=name, cost=cost, family="conv", input_shape=input_shape, classes=classes)
