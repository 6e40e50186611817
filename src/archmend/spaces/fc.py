"""Fully connected networks with a width for each layer, normalisation, dropout and a learning rate."""

from __future__ import annotations

import math

from archmend.spaces import costs
from archmend.spaces.architecture import Architecture
from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.space import Space

LEARNING_RATES = (3e-4, 1e-3, 3e-3, 1e-2)


def fc(input_shape: tuple[int, ...], classes: int) -> Space:
    """`depth` 1..6, `width_1..6`, `activation`, `normalization`, `dropout`, `learning_rate`."""

    def cost(a: Architecture) -> dict[str, int]:
        total, inputs = costs.Cost(), math.prod(input_shape)
        for layer in range(1, int(a["depth"]) + 1):
            width = int(a[f"width_{layer}"])
            total += costs.dense(inputs, width)
            if a["normalization"] == "batch":
                total += costs.batch_normalization(width)
            inputs = width
        return (total + costs.dense(inputs, classes)).as_dict()

    choices: list[Item] = [
        Choice("depth", range(1, 7)),
        Repeat("depth", (Choice("width", (8, 16, 32, 64, 128, 256, 512)),)),
        Choice("activation", ("relu", "elu", "tanh")),
        Choice("normalization", ("none", "batch")),
        Choice("dropout", (0.0, 0.1, 0.3)),
        Choice("learning_rate", LEARNING_RATES),
    ]
    return Space(choices, name="fc", cost=cost, family="fc", input_shape=input_shape, classes=classes)
