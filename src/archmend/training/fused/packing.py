"""Networks' own arrays into those of a population, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from archmend.training.fused.initial import Layers
from archmend.training.fused.layout import FIRST, Layout
from archmend.training.fused.recipe import Recipe

Shapes = Mapping[str, tuple[int, ...]]


def packed(layout: Layout, shapes: Shapes, networks: Sequence[Layers]) -> dict[str, np.ndarray]:
    """Return the population's arrays of these names; what is padded is zero."""
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    for network, layers in enumerate(networks):
        for number, layer in enumerate(layers):
            for part, value in layer.items():
                name, index = _where(layout, network, number, part, value.shape)
                if name in arrays:
                    arrays[name][index] = value.T
    return arrays


def unpacked(layout: Layout, arrays: Mapping[str, np.ndarray], network: int, like: Layers) -> Layers:
    """Return one network's own arrays, of the parts and shapes of `like`."""
    found = Layers()
    for number, layer in enumerate(like):
        found.append({})
        for part, value in layer.items():
            name, index = _where(layout, network, number, part, value.shape)
            found[-1][part] = np.array(arrays[name][index].T, order="C")
    return found


def _where(
    layout: Layout, network: int, number: int, part: str, shape: tuple[int, ...]
) -> tuple[str, tuple[Any, ...]]:
    """Return the array that a part of a layer is in, and its index there; kernels lie transposed."""
    place = layout.places[network][number]
    if part not in ("kernel", "bias"):
        return f"{part}-{layout.buckets[network][number]}", (place.row, slice(*shape))
    rows = slice(place.at, place.at + shape[-1]) if place.kernel == FIRST else slice(shape[-1])
    columns = slice(shape[0]) if part == "kernel" else place.bias
    return place.kernel, (rows, columns) if place.kernel == FIRST else (place.at, rows, columns)


def facts(
    layout: Layout, recipes: Sequence[Recipe], seeds: Sequence[int], activations: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return what each hidden layer does, by bucket.

    Args:
        layout: of the networks.
        recipes: of them.
        seeds: of their dropout.
        activations: by whose place in it an activation is known.
    """
    form = layout.form
    found: dict[str, np.ndarray] = {}
    for bucket, width in enumerate(form.widths):
        count, first = form.count(bucket), form.levels[0].counts[bucket]
        found |= {
            f"activation-{bucket}": np.zeros((count, len(activations)), np.float32),
            f"normalized-{bucket}": np.zeros(count, np.float32),
            f"dropout-{bucket}": np.zeros(count, np.float32),
            f"seed-{bucket}": np.zeros(count, np.uint32),
            f"real-{bucket}": np.zeros((count, width + 1), np.float32),
            f"spread-{bucket}": np.zeros((first, width + 1), np.int32),
        }
    found["gathered"] = np.zeros(form.units, np.int32)
    for recipe, seed, places, buckets in zip(recipes, seeds, layout.places, layout.buckets, strict=True):
        own = np.random.SeedSequence(seed).generate_state(recipe.depth)
        for number, bucket in enumerate(buckets):
            row, width = places[number].row, recipe.widths[number]
            found[f"activation-{bucket}"][row, activations.index(recipe.activation)] = 1
            found[f"normalized-{bucket}"][row] = recipe.normalized
            found[f"dropout-{bucket}"][row] = recipe.dropout
            found[f"seed-{bucket}"][row] = own[number]
            found[f"real-{bucket}"][row, :width] = 1
        at, width = places[0].at, recipe.widths[0]
        found[f"spread-{buckets[0]}"][places[0].row, :width] = np.arange(at, at + width)
        before = sum(
            n * (w + 1) for n, w in zip(form.levels[0].counts[: buckets[0]], form.widths, strict=False)
        )
        begin = before + places[0].row * (form.widths[buckets[0]] + 1)
        found["gathered"][at : at + width] = np.arange(begin, begin + width)
    return found


def rates(layout: Layout, shapes: Shapes, recipes: Sequence[Recipe]) -> dict[str, np.ndarray]:
    """Return the learning rate of each network's share of each array, to be broadcast over it."""
    found = {
        name: np.zeros((shape[0], *(1,) * (len(shape) - 1)), np.float32) for name, shape in shapes.items()
    }
    for network, recipe in enumerate(recipes):
        for number, place in enumerate(layout.places[network]):
            if place.kernel == FIRST:
                found[FIRST][place.at : place.at + recipe.widths[0]] = recipe.rate
            else:
                found[place.kernel][place.at] = recipe.rate
            if recipe.normalized and number < recipe.depth:
                for part in ("gamma", "beta"):
                    found[f"{part}-{layout.buckets[network][number]}"][place.row] = recipe.rate
    return found
