"""What of an architecture can be trained together with others, and as what."""

from __future__ import annotations

from dataclasses import dataclass

from archmend.errors import BadInput
from archmend.spaces import Architecture, Space
from archmend.spaces.layers import chain_cost, describe
from archmend.training.fused.rules import Rule

FAMILY = "fc"
"""Of whose networks a population can be; users' spaces of that family are among them."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A fully connected classifier, and how it learns.

    Attributes:
        inputs: numbers of an encoded row. widths: of the hidden layers. classes: of the data.
        activation: of all hidden layers, by Keras's name. normalized: whether each is normalised by batch.
        dropout: share of each hidden layer's outputs that training drops.
        rate: the learning rate. params, flops: what it costs, as `describe` has it.
    """

    inputs: int
    widths: tuple[int, ...]
    classes: int
    activation: str
    normalized: bool
    dropout: float
    rate: float
    params: int
    flops: int

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.widths)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of each kernel, the classifier's last."""
        return tuple(zip((self.inputs, *self.widths), (*self.widths, self.classes), strict=True))


def why_not(space: Space, rule: Rule | None, optimizer: str) -> str | None:
    """Return why networks of a space cannot be trained together, None where they can."""
    if space.build is not None:
        return f"space {space.name!r} has a build function of its own"
    if space.family != FAMILY:
        return f"space {space.name!r} is of family {space.family!r}, not {FAMILY!r}"
    if rule is None:
        return f"optimiser {optimizer!r} is none that a population can use"
    return None


def recipe_of(space: Space, architecture: Architecture, rule: Rule, learning_rate: float | None) -> Recipe:
    """Return the recipe of an architecture.

    Args:
        space: of the family, for which `why_not` has nothing to say.
        architecture: of it.
        rule: of the optimiser.
        learning_rate: None is the architecture's own, else the optimiser's default.

    Raises:
        BadInput: a learning rate where the space chooses it.
    """
    network = describe(space, architecture)
    assert network is not None
    if network.learning_rate is not None and learning_rate is not None:
        raise BadInput(
            f"learning_rate {learning_rate:g} contradicts space {space.name!r}, which chooses it; "
            "leave it out"
        )
    chosen = network.learning_rate if network.learning_rate is not None else learning_rate
    first, cost = network.layers[0], chain_cost(network)
    return Recipe(
        inputs=first.inputs,
        widths=tuple(layer.units for layer in network.hidden),
        classes=network.layers[-1].units,
        activation=first.activation,
        normalized=first.normalized,
        dropout=first.dropout,
        rate=rule.rate if chosen is None else chosen,
        params=cost.params,
        flops=cost.flops,
    )
