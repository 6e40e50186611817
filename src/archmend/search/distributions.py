"""Distributions over the values of one choice, with the gradients that a policy learns by."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

from archmend.spaces import Choice, OpenIntegers, Scalar

_SPREAD = 1.0
_LEAST_SPREAD, _MOST_SPREAD = 0.15, 1.5
_STEP = 0.2
_STEEPEST = 0.5
_OWN = 3.0
_LARGEST = 40  # of a binary logarithm; open integers end near 2**50


class Head(ABC):
    """The distribution of one choice, and what its critic thinks of the values.

    Where it is `shared` with other repetitions, half of each move is theirs.
    """

    def __init__(self, shared: Head | None) -> None:
        """Begin with nothing but what is shared, or with the space's own draws."""
        self._shared = shared
        self._worth: dict[int, float] = {}

    def worth(self, value: Scalar) -> float:
        """Return what the value is thought to add to a reward."""
        return self._worth.get(self._kind(value), 0.0)

    def appraise(self, value: Scalar, step: float) -> None:
        """Think more of a value, or less."""
        kind = self._kind(value)
        self._worth[kind] = self._worth.get(kind, 0.0) + step

    def shift(self, change: np.ndarray) -> None:
        """Add to the distribution's parameters."""
        if self._shared is None:
            self._add(change)
        else:
            self._add(change / 2)
            self._shared._add(change / 2)

    @abstractmethod
    def draw(self, rng: np.random.Generator, temperature: float) -> Scalar:
        """Return a value; above a temperature of 1 from a wider distribution."""

    @abstractmethod
    def slope(self, value: Scalar) -> np.ndarray:
        """Return the gradient of the value's log-probability by the parameters."""

    @abstractmethod
    def entropy_slope(self) -> np.ndarray:
        """Return the gradient of the entropy by the parameters."""

    @abstractmethod
    def _kind(self, value: Scalar) -> int: ...

    @abstractmethod
    def _add(self, change: np.ndarray) -> None: ...


class Listed(Head):
    """Softmax over listed values; the parameters are the logits."""

    def __init__(self, choice: Choice, shared: Listed | None) -> None:
        """Begin with all values alike."""
        super().__init__(shared)
        assert not isinstance(choice.values, OpenIntegers)
        self._values = tuple(choice.values)
        self._places: Mapping[Scalar, int] = {v: i for i, v in enumerate(self._values)}
        self._logits = np.zeros(len(self._values))
        self._moves = 0
        self._sums: tuple[object, list[float]] = (None, [])

    def draw(self, rng: np.random.Generator, temperature: float) -> Scalar:
        """Return one of the values."""
        # Many are drawn between two moves.
        moves = self._shared._moves if isinstance(self._shared, Listed) else 0
        state = (temperature, self._moves, moves)
        if self._sums[0] != state:
            self._sums = state, np.cumsum(self._chances(temperature)).tolist()
        place = bisect_right(self._sums[1], rng.random() * self._sums[1][-1])
        return self._values[min(place, len(self._values) - 1)]

    def slope(self, value: Scalar) -> np.ndarray:
        """Return 1 less the probability for the value, and 0 less theirs for the others."""
        slope = -self._chances()
        slope[self._places[value]] += 1
        return slope

    def entropy_slope(self) -> np.ndarray:
        """Return the gradient by the logits."""
        chances = self._chances()
        logs = np.log(np.maximum(chances, 1e-12))
        return -chances * (logs - float(chances @ logs))

    def _chances(self, temperature: float = 1.0) -> np.ndarray:
        logits = self._logits
        if isinstance(self._shared, Listed):
            logits = logits + self._shared._logits
        raised = np.exp((logits - logits.max()) / temperature)
        return raised / raised.sum()

    def _kind(self, value: Scalar) -> int:
        return self._places[value]

    def _add(self, change: np.ndarray) -> None:
        self._logits += change
        self._moves += 1


class Open(Head):
    """A Gaussian unit (Williams, section 6) on the binary logarithm of 1 + value, rounded to integers.

    The parameters are the mean, and the logarithm of the spread. What is one repetition's own is added to
    what all share. Draws go to twice the largest value that was tried: a distribution that runs away
    would ask for networks that nobody can build.
    """

    def __init__(self, choice: Choice, shared: Open | None) -> None:
        """Begin around the mean of the space's own draws, a factor of two up or down being usual."""
        super().__init__(shared)
        assert isinstance(choice.values, OpenIntegers)
        self._minimum = choice.values.minimum
        self._common = shared or self
        self._parameters = np.zeros(2)
        if shared is None:
            self._parameters += math.log2(1 + choice.values.mean), math.log(_SPREAD)
            self._tried = self._parameters[0] + 1

    def draw(self, rng: np.random.Generator, temperature: float) -> Scalar:
        """Return an integer."""
        mean, spread = self._mean_and_spread()
        drawn = mean + spread * temperature * float(rng.standard_normal())
        return max(self._minimum, round(2 ** min(drawn, self._common._tried + 1, _LARGEST)) - 1)

    def appraise(self, value: Scalar, step: float) -> None:
        """Think more of a value, or less; it was tried."""
        super().appraise(value, step)
        self._common._tried = max(self._common._tried, math.log2(1 + int(value)))

    def slope(self, value: Scalar) -> np.ndarray:
        """Return the gradient of the density, the mean's times the variance as Williams has it.

        So both parameters move at one scale, that of a logit.
        """
        mean, spread = self._mean_and_spread()
        apart = (math.log2(1 + int(value)) - mean) / spread
        if value == self._minimum and apart > 0:
            return np.zeros(2)  # everything below is rounded to it, so it cannot become much likelier
        return np.clip(_STEP * np.array([apart * spread, apart * apart - 1]), -_STEEPEST, _STEEPEST)

    def entropy_slope(self) -> np.ndarray:
        """Return the gradient: a Gaussian's entropy is the logarithm of its spread and a constant."""
        return np.array([0.0, _STEP])

    def _mean_and_spread(self) -> tuple[float, float]:
        mean, spread = self._parameters
        if self._common is not self:
            mean, spread = self._parameters + self._common._parameters
        return min(float(mean), self._common._tried), min(_MOST_SPREAD, max(_LEAST_SPREAD, math.exp(spread)))

    def _kind(self, value: Scalar) -> int:
        return int(math.log2(1 + int(value)))

    def _add(self, change: np.ndarray) -> None:
        # What has run far off would take as long to come back.
        low, high = (0.0, self._tried) if self._common is self else (-_OWN, _OWN)
        mean, spread = self._parameters + change
        self._parameters[:] = (
            min(high, max(low, mean)),
            min(math.log(_MOST_SPREAD), max(math.log(_LEAST_SPREAD), spread)),
        )


def head_of(choice: Choice, shared: Head | None = None) -> Head:
    """Return the distribution of a choice, `shared` being that of all its repetitions."""
    if choice.is_open:
        assert shared is None or isinstance(shared, Open)
        return Open(choice, shared)
    assert shared is None or isinstance(shared, Listed)
    return Listed(choice, shared)
