"""The weights that a network begins with: those that building it gives, without building it."""

from __future__ import annotations

import numpy as np

from archmend.networks.families.common import Seeds
from archmend.spaces.layers import Layer
from archmend.training.fused.recipe import Recipe

Layers = list[dict[str, np.ndarray]]
"""Of each layer, the classifier last: `kernel`, `bias`, and where it is normalised `gamma`, `beta`, `mean`
and `variance`."""


def initial(recipe: Recipe, seed: int) -> Layers:
    """Return what `archmend.networks.build` gives the network with this seed, to the last bit."""
    seeds, layers = Seeds(seed), Layers()
    for number, layer in enumerate(recipe.layers):
        hidden = number < recipe.depth
        initializer = seeds.initializer(layer.activation if hidden else "softmax")
        parts = {
            "kernel": np.asarray(initializer(_kernel(layer))),
            "bias": np.zeros(layer.units, np.float32),
        }
        if layer.normalized:
            for name, value in (("gamma", 1), ("beta", 0), ("mean", 0), ("variance", 1)):
                parts[name] = np.full(layer.units, value, np.float32)
        if layer.dropout:
            next(seeds)  # of the layer's generator, which a population does not draw from
        layers.append(parts)
    return layers


def _kernel(layer: Layer) -> tuple[int, ...]:
    """Return the shape of a layer's kernel as Keras has it."""
    if layer.grid is None:
        return layer.inputs, layer.units
    return layer.size, layer.size, layer.inputs // layer.size**2, layer.units


def zeros(recipe: Recipe) -> Layers:
    """Return a moment of each trainable array before the first step."""
    layers = Layers()
    for layer in recipe.layers:
        vectors = ("bias", "gamma", "beta") if layer.normalized else ("bias",)
        parts = {name: np.zeros(layer.units, np.float32) for name in vectors}
        layers.append({"kernel": np.zeros(_kernel(layer), np.float32), **parts})
    return layers
