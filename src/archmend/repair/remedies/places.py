"""Where in a model an edit may be made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import keras

from archmend.repair.blocks import (
    ACTIVATION_LAYERS,
    KERNEL_LAYERS,
    Block,
    activation_of,
    blocks_of,
    consumers,
    gates_of,
)
from archmend.repair.constraints import Constraints

WITH_ACTIVATION = (
    *KERNEL_LAYERS,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    keras.layers.Activation,
    *ACTIVATION_LAYERS,
)
"""Layers that are an activation or end in one; a recurrent layer's belongs to its cell."""

SPAN = 3
"""Places that the kernel of a new layer covers in each dimension of an image or a sequence."""


@dataclass(frozen=True)
class Activated:
    """A hidden layer with a nonlinear activation."""

    name: str
    activation: str


def open_blocks(model: Any, constraints: Constraints) -> list[Block]:
    """Return the blocks of which no part is frozen."""
    frozen = constraints.frozen_in(model)
    return [block for block in blocks_of(model) if frozen.isdisjoint(block.parts)]


def hidden_blocks(model: Any, constraints: Constraints) -> list[Block]:
    """Return the open blocks before the output that are signals and no gates."""
    return [block for block in open_blocks(model, constraints) if not (block.output or block.gate)]


def hidden_activations(model: Any, constraints: Constraints) -> list[Activated]:
    """Return the hidden layers with a nonlinear activation, but for those that are frozen or gates."""
    frozen, gates, inner = constraints.frozen_in(model), gates_of(model), before_kernels(model)
    found = []
    for layer in model.layers:
        activation = activation_of(layer) if isinstance(layer, WITH_ACTIVATION) else None
        if activation not in (None, "linear") and layer.name in inner and layer.name not in (frozen | gates):
            found.append(Activated(layer.name, str(activation)))
    return found


def before_kernels(model: Any) -> frozenset[str]:
    """Return the names of all parts from which a kernel layer is reached."""
    followers = consumers(model)
    readers: dict[str, list[str]] = {name: [] for name in followers}
    for name, after in followers.items():
        for one in after:
            readers[one].append(name)
    waiting = [
        source
        for layer in model.layers
        if isinstance(layer, KERNEL_LAYERS)
        for source in readers.get(layer.name, ())
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += readers[name]
    return frozenset(found)


def with_activation(layer: Any, activation: str) -> Any:
    """Return a layer like this one with another activation; an activation layer becomes a plain one."""
    kinds: tuple[Any, ...] = tuple(ACTIVATION_LAYERS)
    if isinstance(layer, kinds):
        return keras.layers.Activation(activation, name=layer.name, dtype=layer.dtype_policy)
    return type(layer).from_config({**layer.get_config(), "activation": activation})


def free_name(model: Any, wanted: str, taken: Collection[str] = ()) -> str:
    """Return a layer name that the model does not have: the wanted one, or that with a number."""
    there = {layer.name for layer in model.layers}.union(taken)
    number, name = 1, wanted
    while name in there:
        number += 1
        name = f"{wanted}_{number}"
    return name


def same_size(layer: Any, **settings: Any) -> Any:
    """Return a new layer of the same kind and width that gives as many places as it gets.

    Its kernel covers `SPAN` places in each dimension of an image or a sequence.
    """
    settings["dtype"] = layer.dtype_policy
    if isinstance(layer, keras.layers.Dense):
        return keras.layers.Dense(layer.units, **settings)
    kind = next(kind for kind in KERNEL_LAYERS if isinstance(layer, kind))
    return kind(layer.filters, SPAN, padding="same", data_format=layer.data_format, **settings)
