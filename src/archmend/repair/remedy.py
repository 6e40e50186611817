"""The seam for what is done: a remedy is one small edit of a compiled model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from archmend.repair.constraints import Constraints
from archmend.repair.values import Symptom

Ramp = Callable[[Sequence[float], Callable[[Sequence[float]], bool]], list[float]]


@dataclass(frozen=True)
class Bench:
    """What a remedy has at hand while it edits.

    Attributes:
        constraints: what must not be left. rng: for new weights.
        x: some training rows, as the model takes them, for edits that look at activations.
        y: their labels; None where nobody knows them.
        batches: yields training batches (x, y), from the start at each call; None where `x` is all there is.
        steps_left: of the optimiser until the run's end; None where that is open.
        ramp: returns a loss of `x` before and after each of some steps of the model that is edited, one at
            each of the rates given, until the function given says so of the losses; all is put back. None
            where nobody has the model's compiled functions.
    """

    constraints: Constraints
    rng: np.random.Generator
    x: Any
    y: Any = None
    batches: Callable[[], Iterator[Any]] | None = None
    steps_left: int | None = None
    ramp: Ramp | None = None

    def seed(self) -> int:
        """Draw a seed for a Keras initialiser."""
        return int(self.rng.integers(2**31 - 1))


class Remedy(ABC):
    """A small edit. Whoever applies it holds a checkpoint, by which it is undone.

    Attributes:
        name: in decisions and in a strategy's ranking.
        kind: `parameters` keeps the architecture, `structure` changes it.
        keeps_function: the model answers as before right after the edit (up to rounding).
        changes_batches: the edit is one of `batch_size`.
        stops: the edit ends the training with the best state so far; there is nothing to try.
    """

    name: ClassVar[str]
    kind: ClassVar[Literal["parameters", "structure"]]
    keeps_function: ClassVar[bool] = False
    changes_batches: ClassVar[bool] = False
    stops: ClassVar[bool] = False

    @abstractmethod
    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Return whether the edit can be made on this model and would change something."""

    @abstractmethod
    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Make the edit; asked only where `applicable` says yes.

        Returns:
            The compiled model: `model` itself where only values of variables changed (a checkpoint
            brings those back), else a new one with the weights carried over and `model` as it was. None
            where it turns out only now that there is nothing to change; the model is then as it was.
        """

    def batch_size(self, now: int, rows: int) -> int:
        """Return the rows a step after the edit.

        Args:
            now: rows a step so far.
            rows: of the training data.
        """
        return now
