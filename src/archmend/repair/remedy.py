"""The seam for what is done: a remedy is one small edit of a compiled model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from archmend.repair.constraints import Constraints
from archmend.repair.values import Symptom


@dataclass(frozen=True)
class Bench:
    """What a remedy has at hand while it edits.

    Attributes:
        constraints: what must not be left. rng: for new weights.
        x: some training rows, as the model takes them, for edits that look at activations.
    """

    constraints: Constraints
    rng: np.random.Generator
    x: Any

    def seed(self) -> int:
        """Draw a seed for a Keras initialiser."""
        return int(self.rng.integers(2**31 - 1))


class Remedy(ABC):
    """A small edit. Whoever applies it holds a checkpoint, by which it is undone.

    Attributes:
        name: in decisions and in a strategy's ranking.
        kind: `parameters` keeps the architecture, `structure` changes it.
        keeps_function: the model answers as before right after the edit (up to rounding).
    """

    name: ClassVar[str]
    kind: ClassVar[Literal["parameters", "structure"]]
    keeps_function: ClassVar[bool] = False

    @abstractmethod
    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Return whether the edit can be made on this model and would change something."""

    @abstractmethod
    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Make the edit; asked only where `applicable` says yes.

        Returns:
            The compiled model: `model` itself where only values of variables changed (a checkpoint
            brings those back), else a new one with the weights carried over and `model` as it was.
        """
