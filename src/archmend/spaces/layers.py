"""What can be told of a network before it is built: its layers with a kernel, by their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archmend.spaces import costs
from archmend.spaces.codes import Scalar

if TYPE_CHECKING:
    from archmend.spaces.architecture import Architecture
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
        size: of a convolution's square kernel. stride: of it, 1 or 2. pool: whether its outputs are halved by
            their maxima. grid: height and width behind both; None for a dense layer.
    """

    inputs: int
    units: int
    positions: int = 1
    activation: str = "linear"
    normalized: bool = False
    dropout: float = 0.0
    share: float = 1.0
    width: int | None = None
    size: int = 1
    stride: int = 1
    pool: bool = False
    grid: tuple[int, int] | None = None


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

    It is the space's own `network` that says so, or else its family's.
    """
    if space.network is not None:
        return space.network(architecture)
    from archmend.spaces.builtin import FAMILIES  # whose families know this module
    from archmend.spaces.family import Rows

    family = FAMILIES.get(space.family or "")
    if family is None or family.network is None or space.input_shape is None or space.classes is None:
        return None
    return family.network(family.values(architecture), Rows(space.input_shape, space.classes))


def classifying(a: Mapping[str, Scalar], layers: Sequence[Layer], inputs: int, classes: int) -> Network:
    """Return the network of these layers with a classifier behind, which reads so many inputs."""
    rate = a.get("learning_rate")
    return Network((*layers, Layer(inputs, classes)), None if rate is None else float(rate))


def chain_cost(network: Network) -> costs.Cost:
    """Return the cost of a chain whose layers all have a bias."""
    params = flops = 0
    for layer in network.layers:
        weights = layer.inputs * layer.units
        params += weights + layer.units * (3 if layer.normalized else 1)
        flops += 2 * weights * layer.positions
    return costs.Cost(params, flops)
