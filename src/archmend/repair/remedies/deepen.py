"""A hidden layer added without changing what the network computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import keras
import numpy as np

from archmend.repair.blocks import Block, calls, consumers
from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.remedies.places import SPAN, free_name, hidden_blocks, same_size
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom

LEAST = {"relu": 0.0, "relu6": 0.0, "sigmoid": 0.0, "softplus": 0.0, "hard_sigmoid": 0.0}
"""Activations that are never negative: a ReLU behind them changes nothing."""
BELOW = {"tanh": -1.0, "softsign": -1.0, "elu": -1.0, "selu": -1.7581, "gelu": -0.17, "silu": -0.279}
"""Activations that reach below zero, and how far: a shift by that much, and back again, changes nothing."""


@dataclass(frozen=True)
class _Place:
    """Behind which block the new layer comes, and the layer that takes the shift back; None without one."""

    block: Block
    following: str | None


class Deepen(Remedy):
    """Add a layer that hands on what it gets behind a hidden one of the same width.

    Net2DeeperNet (Chen et al. 2016), for convolutions as their middle weight. Where the values may be
    negative, the new layer works on them shifted into its linear half, and the bias of the dense
    layer that reads it takes that back. Behind the symptom's layer, else behind the last hidden one.
    """

    name: ClassVar[str] = "deepen"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"
    keeps_function = True

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """There is such a place, and room for the weights."""
        return _place(model, symptom, constraints) is not None

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Insert it."""
        place = _place(model, symptom, bench.constraints)
        assert place is not None
        block, layer = place.block, model.get_layer(place.block.name)
        name = free_name(model, f"{block.end}_deeper")
        added = same_size(layer, activation="relu" if place.following is None else "elu", name=name)
        edited = rebuild(model, after={block.end: [added]})
        new = edited.get_layer(name)
        new.kernel.assign(_identity(new.kernel.shape))
        if place.following is not None:
            shift = -BELOW[block.activation]
            new.bias.assign(np.full(new.bias.shape, shift))
            reader = edited.get_layer(place.following)
            reader.bias.assign(reader.bias.numpy() - shift * reader.kernel.numpy().sum(axis=0))
        return edited


def _identity(shape: tuple[int, ...]) -> np.ndarray:
    kernel = np.zeros(shape)
    kernel[tuple(size // 2 for size in shape[:-2])] = np.eye(shape[-1])
    return kernel


def _place(model: Any, symptom: Symptom, constraints: Constraints) -> _Place | None:
    used, room = calls(model), constraints.room(model)
    found = []
    for block in reversed(hidden_blocks(model, constraints)):
        units, dimensions = _width(model, block)
        if used[block.name] > 1 or used[block.end] > 1 or units * units * SPAN**dimensions + units > room:
            continue
        if block.activation in LEAST:
            found.append(_Place(block, None))
        elif block.activation in BELOW:
            reader = _dense_reader(model, block, constraints)
            if reader is not None:
                found.append(_Place(block, reader))
    named = [place for place in found if symptom.layer in place.block.parts]
    return next(iter(named or found), None)


def _width(model: Any, block: Block) -> tuple[int, int]:
    shape = model.get_layer(block.name).kernel.shape
    return shape[-1], len(shape) - 2


def _dense_reader(model: Any, block: Block, constraints: Constraints) -> str | None:
    """Return the one dense layer that reads a dense block, with a bias and not frozen."""
    used, followers = calls(model), consumers(model)
    layers, after = {layer.name: layer for layer in model.layers}, followers[block.end]
    while len(after) == 1 and type(layers.get(after[0])) is keras.layers.Dropout and used[after[0]] == 1:
        after = followers[after[0]]
    if len(after) != 1 or used[after[0]] != 1 or after[0] in constraints.frozen_in(model):
        return None
    dense = (layers.get(after[0]), layers[block.name])
    both = all(isinstance(layer, keras.layers.Dense) for layer in dense)
    return after[0] if both and layers[after[0]].bias is not None else None
