"""The seed's spaces: fully connected ReLU networks of at most ten layers of at most ten units."""

from __future__ import annotations

import math
from itertools import pairwise

from archmend.spaces import costs
from archmend.spaces.architecture import Architecture
from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.space import Space

SIZES = range(1, 11)


def seed_fc(input_shape: tuple[int, ...], classes: int) -> Space:
    """100 architectures: `depth` 1..10 by one `width` 1..10 of all hidden layers."""

    def cost(a: Architecture) -> dict[str, int]:
        return _cost([int(a["width"])] * int(a["depth"]), input_shape, classes)

    choices = [Choice("depth", SIZES), Choice("width", SIZES)]
    return Space(choices, name="seed-fc", cost=cost, family="fc", input_shape=input_shape, classes=classes)


def seed_fc_free(input_shape: tuple[int, ...], classes: int) -> Space:
    """`depth` 1..10 and a width 1..10 for each hidden layer (`width_1`, `width_2`, ...)."""

    def cost(a: Architecture) -> dict[str, int]:
        return _cost([int(a[f"width_{i}"]) for i in range(1, int(a["depth"]) + 1)], input_shape, classes)

    choices: list[Item] = [Choice("depth", SIZES), Repeat("depth", (Choice("width", SIZES),))]
    return Space(
        choices, name="seed-fc-free", cost=cost, family="fc", input_shape=input_shape, classes=classes
    )


def _cost(widths: list[int], input_shape: tuple[int, ...], classes: int) -> dict[str, int]:
    sizes = [math.prod(input_shape), *widths, classes]
    return sum((costs.dense(n, m) for n, m in pairwise(sizes)), costs.Cost()).as_dict()
