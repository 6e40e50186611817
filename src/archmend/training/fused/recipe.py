"""What of an architecture can be trained together with others, and as what."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.spaces import Architecture, Space
from archmend.spaces.layers import Layer, chain_cost, describe
from archmend.training.fused.rules import RULES, Rule

FAMILIES = ("fc", "conv")
"""Of whose networks a population can be; users' spaces of these families are among them."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A classifier of one of the families, and how it learns.

    Attributes:
        layers: its kernels with what stands behind them, as `describe` has it, the classifier last.
        shape: of an encoded row. rate: the learning rate. params, flops: what it costs.
    """

    layers: tuple[Layer, ...]
    shape: tuple[int, ...]
    rate: float
    params: int
    flops: int

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """All layers but the classifier."""
        return self.layers[:-1]

    @property
    def convolutional(self) -> bool:
        """Whether it begins with convolutions."""
        return self.layers[0].grid is not None

    @property
    def inputs(self) -> int:
        """Numbers of an encoded row."""
        return math.prod(self.shape)

    @property
    def widths(self) -> tuple[int, ...]:
        """Units or filters of the hidden layers."""
        return tuple(layer.units for layer in self.hidden)

    @property
    def classes(self) -> int:
        """Of the data."""
        return self.layers[-1].units

    @property
    def activation(self) -> str:
        """Of all hidden layers, by Keras's name."""
        return self.layers[0].activation

    @property
    def normalized(self) -> bool:
        """Whether layers are normalised by batch; of a fully connected network it is all hidden ones."""
        return self.layers[0].normalized

    @property
    def dropout(self) -> float:
        """Share of each hidden layer's outputs that training drops."""
        return self.layers[0].dropout

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.hidden)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of each kernel, the classifier's last."""
        return tuple((layer.inputs, layer.units) for layer in self.layers)


def why_alone(space: Space, optimizer: str) -> str | None:
    """Return why an optimiser cannot train networks of a space together, None where it can."""
    if space.build is not None:
        return f"space {space.name!r} has a build function of its own"
    if space.family not in FAMILIES:
        known = " or ".join(map(repr, FAMILIES))
        return f"space {space.name!r} is of family {space.family!r}, not {known}"
    if optimizer not in RULES:
        return f"optimiser {optimizer!r} is none that a population can use"
    return None


def recipe_of(space: Space, architecture: Architecture, rule: Rule, learning_rate: float | None) -> Recipe:
    """Return the recipe of an architecture.

    Args:
        space: of the family, for which `why_alone` has nothing to say.
        architecture: of it.
        rule: of the optimiser.
        learning_rate: None is the architecture's own, else the optimiser's default.

    Raises:
        BadInput: a learning rate where the space chooses it.
    """
    network = describe(space, architecture)
    assert network is not None
    assert space.input_shape is not None
    if network.learning_rate is not None and learning_rate is not None:
        raise BadInput(
            f"learning_rate {learning_rate:g} contradicts space {space.name!r}, which chooses it; "
            "leave it out"
        )
    chosen = network.learning_rate if network.learning_rate is not None else learning_rate
    cost = chain_cost(network)
    return Recipe(
        layers=network.layers,
        shape=tuple(space.input_shape),
        rate=rule.rate if chosen is None else chosen,
        params=cost.params,
        flops=cost.flops,
    )
