"""The weights that a network begins with: those that building it gives, without building it."""

from __future__ import annotations

import numpy as np

from archmend.networks.families.common import Seeds
from archmend.training.fused.recipe import Recipe

Layers = list[dict[str, np.ndarray]]
"""Of each layer, the classifier last: `kernel`, `bias`, and where it is normalised `gamma`, `beta`, `mean`
and `variance`."""


def initial(recipe: Recipe, seed: int) -> Layers:
    """Return what `archmend.networks.build` gives the network with this seed, to the last bit."""
    seeds, layers = Seeds(seed), Layers()
    for number, (inputs, units) in enumerate(recipe.sizes):
        hidden = number < recipe.depth
        initializer = seeds.initializer(recipe.activation if hidden else "softmax")
        layer = {
            "kernel": np.asarray(initializer((inputs, units))),
            "bias": np.zeros(units, np.float32),
        }
        if hidden and recipe.normalized:
            for name, value in (("gamma", 1), ("beta", 0), ("mean", 0), ("variance", 1)):
                layer[name] = np.full(units, value, np.float32)
        if hidden and recipe.dropout:
            next(seeds)  # of the layer's generator, which a population does not draw from
        layers.append(layer)
    return layers


def zeros(recipe: Recipe) -> Layers:
    """Return a moment of each trainable array before the first step."""
    layers = Layers()
    for number, (inputs, units) in enumerate(recipe.sizes):
        layer = {"kernel": np.zeros((inputs, units), np.float32), "bias": np.zeros(units, np.float32)}
        if recipe.normalized and number < recipe.depth:
            layer |= {name: np.zeros(units, np.float32) for name in ("gamma", "beta")}
        layers.append(layer)
    return layers
