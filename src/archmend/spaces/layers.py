"""What can be told of a network before it is built: its layers with a kernel, by their shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archmend.spaces.architecture import Architecture
from archmend.spaces.family import Values

if TYPE_CHECKING:
    from archmend.spaces.space import Space


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with a kernel, and what stands behind it until the next one.

    Attributes:
        inputs: numbers that one of its outputs is a weighted sum of: the width before it, for a convolution
            times the kernel's area (divided by its groups).
        units: outputs, for a convolution filters. positions: places at which each filter is applied.
        activation: by Keras's name. normalized: whether its outputs are normalised by batch.
        dropout: share of its outputs that training drops.
        share: of the signal that passes it: 1 in a chain; in a cell whose paths run side by side, the share
            of the paths that lead through the layer.
        width: numbers that an output behind it sums over; None takes the next layer's inputs, which is
            right in a chain.
    """

    inputs: int
    units: int
    positions: int = 1
    activation: str = "linear"
    normalized: bool = False
    dropout: float = 0.0
    share: float = 1.0
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network as its architecture says it is.

    Attributes:
        layers: in order, the classifier last. learning_rate: None where the architecture does not choose it.
    """

    layers: tuple[Layer, ...]
    learning_rate: float | None = None

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """All layers but the classifier."""
        return self.layers[:-1]

    @property
    def widths(self) -> tuple[int, ...]:
        """The width of each hidden layer."""
        behind = zip(self.layers, self.layers[1:], strict=False)
        return tuple(after.inputs if layer.width is None else layer.width for layer, after in behind)


def describe(space: Space, architecture: Architecture) -> Network | None:
    """Return the network of an architecture, None where the space does not say what network it is.

    It is the space's own `network` that says so, or else this module for its family.
    """
    if space.network is not None:
        return space.network(architecture)
    described = _DESCRIBED.get(space.family or "")
    if described is None or space.input_shape is None or space.classes is None:
        return None
    from archmend.spaces.builtin import FAMILIES  # whose spaces know this module

    values = FAMILIES[space.family or ""].values(architecture)
    return described(values, space.input_shape, space.classes)


def _fully_connected(a: Values, shape: tuple[int, ...], classes: int) -> Network:
    layers: list[Layer] = []
    inputs, normalized = math.prod(shape), a["normalization"] == "batch"
    activation, dropout = str(a["activation"]), float(a["dropout"])
    for number in range(1, int(a["depth"]) + 1):
        width = int(a[f"width_{number}"])
        layers.append(Layer(inputs, width, 1, activation, normalized, dropout))
        inputs = width
    return _classifying(a, layers, inputs, classes)


def _convolutional(a: Values, shape: tuple[int, ...], classes: int) -> Network:
    layers: list[Layer] = []
    height, width, channels = shape
    activation, normalized = str(a["activation"]), a["normalization"] == "batch"
    for number in range(1, int(a["blocks"]) + 1):
        filters, kernel = int(a[f"filters_{number}"]), int(a[f"kernel_{number}"])
        halved = (height + 1) // 2, (width + 1) // 2
        # A stride halves the convolution's own output, pooling only what comes after it.
        strides = a[f"pool_{number}"] == "stride"
        positions = math.prod(halved if strides else (height, width))
        layers.append(Layer(kernel * kernel * channels, filters, positions, activation, normalized))
        (height, width), channels = halved, filters
    inputs, hidden = height * width * channels, int(a["dense"])
    if hidden:
        layers.append(Layer(inputs, hidden, 1, activation))
        inputs = hidden
    return _classifying(a, layers, inputs, classes)


def _cells(a: Values, shape: tuple[int, ...], classes: int) -> Network:
    height, width, inputs = shape
    channels = int(a["channels"])
    layers = [_beside(3, inputs, channels, height * width, 1.0)]
    for stage in range(int(a["stages"])):
        if stage:
            # A residual block, whose other path has one kernel that only changes the size.
            height, width = (height + 1) // 2, (width + 1) // 2
            for inputs in (channels, 2 * channels):
                layers.append(_beside(3, inputs, 2 * channels, height * width, 0.5))
            channels *= 2
        for _ in range(int(a["cells"])):
            for operation, share in _shares(a):
                if operation.startswith("conv"):
                    layers.append(_beside(int(operation[-1]), channels, channels, height * width, share))
    return _classifying(a, layers if _shares(a) else [], channels, classes)


def _beside(kernel: int, inputs: int, units: int, positions: int, share: float) -> Layer:
    # What comes behind differs from path to path, so the kernel's own inputs stand for the width.
    total = kernel**2 * inputs
    return Layer(total, units, positions, "relu", True, share=share, width=total)


def _shares(a: Values) -> list[tuple[str, float]]:
    """Return the operations of a cell through which anything flows, each with its share of the paths."""
    from archmend.spaces.cells import NODES, living_edges

    edges = living_edges(a)
    ahead, behind = [1, *[0] * (NODES - 1)], [*[0] * (NODES - 1), 1]
    for source, target, _ in sorted(edges, key=lambda edge: edge[1]):
        ahead[target] += ahead[source]
    for source, target, _ in sorted(edges, key=lambda edge: -edge[0]):
        behind[source] += behind[target]
    return [(operation, ahead[s] * behind[t] / behind[0]) for s, t, operation in edges]


def _classifying(a: Values, layers: list[Layer], inputs: int, classes: int) -> Network:
    rate = a.get("learning_rate")
    return Network((*layers, Layer(inputs, classes)), None if rate is None else float(rate))


_DESCRIBED: dict[str, Callable[[Values, tuple[int, ...], int], Network]] = {
    "fc": _fully_connected,
    "conv": _convolutional,
    "cells": _cells,
}
