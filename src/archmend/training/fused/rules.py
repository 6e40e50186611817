"""How an optimiser changes weights: Keras's own arithmetic, with a learning rate for each network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule(ABC):
    """One optimiser.

    Attributes:
        rate: its default learning rate. moments: how many arrays it keeps of each variable.
    """

    rate: float
    moments: int

    @abstractmethod
    def factors(self, rate: Any, step: Any) -> Any:
        """Return the learning rate as it is applied in a step.

        Args:
            rate: learning rates, of any shape.
            step: number of the step, from 1, as float32.
        """

    @abstractmethod
    def update(self, value: Any, moments: Sequence[Any], gradient: Any, factor: Any, rate: Any) -> list[Any]:
        """Return the variable and its moments after a step.

        Args:
            value: of the variable.
            moments: as many as `moments` says.
            gradient: of the loss.
            factor: what `factors` returned, broadcast to the variable.
            rate: learning rates, broadcast likewise.
        """


@dataclass(frozen=True, slots=True)
class Sgd(Rule):
    """Gradient descent, with momentum if that is above 0."""

    momentum: float = 0.0

    def factors(self, rate: Any, step: Any) -> Any:
        """Return the learning rate."""
        return rate

    def update(self, value: Any, moments: Sequence[Any], gradient: Any, factor: Any, rate: Any) -> list[Any]:
        """Return the variable and its momentum."""
        if not moments:
            return [value - gradient * factor]
        moved = moments[0] * self.momentum - gradient * factor
        return [value + moved, moved]


@dataclass(frozen=True, slots=True)
class Adam(Rule):
    """Adam of Kingma and Ba (2015) with Keras's epsilon; AdamW with a decay (Loshchilov and Hutter, 2019)."""

    decay: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def factors(self, rate: Any, step: Any) -> Any:
        """Return the learning rate with both corrections of bias."""
        import tensorflow as tf

        first, second = (tf.pow(tf.constant(beta), step) for beta in (self.beta_1, self.beta_2))
        return rate * tf.sqrt(1 - second) / (1 - first)

    def update(self, value: Any, moments: Sequence[Any], gradient: Any, factor: Any, rate: Any) -> list[Any]:
        """Return the variable, its momentum and its velocity."""
        import tensorflow as tf

        momentum, velocity = moments
        momentum = momentum + (gradient - momentum) * (1 - self.beta_1)
        velocity = velocity + (gradient * gradient - velocity) * (1 - self.beta_2)
        if self.decay:
            value = value - value * self.decay * rate
        return [value - momentum * factor / (tf.sqrt(velocity) + self.epsilon), momentum, velocity]


RULES: dict[str, Rule] = {
    "sgd": Sgd(0.01, 0),
    "momentum": Sgd(0.01, 1, 0.9),
    "adam": Adam(0.001, 2),
    "adamw": Adam(0.001, 2, 0.004),
}
"""By the names of `archmend.networks.optimizer_names`; the others cannot be fused."""
