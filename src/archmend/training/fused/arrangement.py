"""How networks lie in the arrays of one program: what programs of every kind of network have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from archmend.training.fused.initial import Layers
from archmend.training.fused.recipe import Recipe

Arrays = Mapping[str, Any]
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of a step.

    Attributes:
        x: encoded rows, (rows, inputs). weights: of each row in a mean, (rows,): zero for none.
        number: of the step, from 1; not known when the program is compiled.
    """

    x: Any
    weights: Any
    number: Any


class Form(ABC):
    """What the compiled program of some networks depends on, besides their optimiser; it can be hashed."""

    @property
    @abstractmethod
    def networks(self) -> int:
        """How many there are."""

    @property
    @abstractmethod
    def trained(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays that gradients change."""

    @property
    @abstractmethod
    def moving(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the statistics of batch normalisation."""

    @abstractmethod
    def forward(self, facts: Arrays, weights: Arrays, batch: Batch) -> tuple[Any, Arrays]:
        """Return the logits (networks, classes, rows), and the batch's own value of each moving statistic.

        Args:
            facts: arrays by name that say what each network is, as `Arrangement.facts` gives them.
            weights: trained arrays by name.
            batch: of the step.
        """


class Arrangement(ABC):
    """Some networks in a form.

    Attributes:
        form: of the program. rows: for each network its row among the logits.
    """

    form: Form
    rows: tuple[int, ...]

    @abstractmethod
    def packed(self, shapes: Shapes, networks: Sequence[Layers]) -> dict[str, np.ndarray]:
        """Return the arrays of these names; what no network has of its own is zero."""

    @abstractmethod
    def unpacked(self, arrays: Mapping[str, np.ndarray], network: int, like: Layers) -> Layers:
        """Return one network's own arrays, of the parts and shapes of `like`."""

    @abstractmethod
    def facts(self, seeds: Sequence[int]) -> dict[str, np.ndarray]:
        """Return what the program is told of the networks, with the seeds of their dropout."""

    @abstractmethod
    def rates(self, shapes: Shapes) -> dict[str, np.ndarray]:
        """Return the learning rate of each network's share of each array, to be broadcast over it."""


class Cohort(Protocol):
    """Networks that become one program.

    Attributes:
        networks: their places in the population. numbers: of kernels that its arrays have.
        step: seconds that a step takes, about.
    """

    @property
    def networks(self) -> tuple[int, ...]:
        """Their places in the population."""

    @property
    def numbers(self) -> int:
        """Numbers of kernels, padded."""

    @property
    def step(self) -> float:
        """Seconds that a step takes, about."""

    def arranged(self, recipes: Sequence[Recipe]) -> Arrangement:
        """Lay out those of its networks that are there."""
