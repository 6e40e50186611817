"""Fully connected networks with a width for each layer, normalisation, dropout and a learning rate."""

from __future__ import annotations

import math

from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.family import (
    ACTIVATION,
    DROPOUT,
    LEARNING_RATE,
    NORMALIZATION,
    Family,
    Rows,
    Values,
    whole,
)
from archmend.spaces.layers import Layer, Network, chain_cost, classifying

LEARNING_RATES = (3e-4, 1e-3, 3e-3, 1e-2)


def _network(a: Values, rows: Rows) -> Network:
    layers: list[Layer] = []
    inputs, normalized = math.prod(rows.shape), a["normalization"] == "batch"
    activation, dropout = str(a["activation"]), float(a["dropout"])
    for number in range(1, int(a["depth"]) + 1):
        width = int(a[f"width_{number}"])
        layers.append(Layer(inputs, width, 1, activation, normalized, dropout))
        inputs = width
    return classifying(a, layers, inputs, rows.classes)


FAMILY = Family(
    "fc",
    "any rows",
    Rows((28, 28, 1), 10),
    (
        whole("depth", 1, needed=True),
        whole("width", 1, needed=True, each="depth"),
        ACTIVATION,
        NORMALIZATION,
        DROPOUT,
        LEARNING_RATE,
    ),
    lambda a, rows: chain_cost(_network(a, rows)),
    network=_network,
)

FC: tuple[Item, ...] = (
    Choice("depth", range(1, 7)),
    Repeat("depth", (Choice("width", (8, 16, 32, 64, 128, 256, 512)),)),
    Choice("activation", ("relu", "elu", "tanh")),
    Choice("normalization", ("none", "batch")),
    Choice("dropout", (0.0, 0.1, 0.3)),
    Choice("learning_rate", LEARNING_RATES),
)
"""`depth` 1..6, `width_1..6`, `activation`, `normalization`, `dropout`, `learning_rate`."""
