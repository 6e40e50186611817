"""Distributions over the values of one choice, with the gradients that a policy learns by."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from copy import copy
from typing import Self

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

    Its parameters are its own and, added to them, those `shared` with other repetitions, which have half of
    each move.
    """

    def __init__(self, parameters: np.ndarray, shared: Self | None) -> None:
        """Begin with these parameters of its own."""
        self._own = parameters
        self._shared = shared
        self._moves = 0
        self._worth: dict[int, float] = {}

    def copied(self, shared: Self | None) -> Self:
        """Return one that learns on by itself, with its own copy of what is shared."""
        other = copy(self)
        other._own, other._worth, other._shared = self._own.copy(), dict(self._worth), shared
        return other

    def worth(self, value: Scalar) -> float:
        """Return what the value is thought to add to a reward."""
        return self._worth.get(self._kind(value), 0.0)

    def appraise(self, value: Scalar, step: float) -> None:
        """Think more of a value, or less."""
        kind = self._kind(value)
        self._worth[kind] = self._worth.get(kind, 0.0) + step

    def move(self, change: np.ndarray) -> None:
        """Add to the parameters."""
        if self._shared is None:
            self._add(change)
        else:
            self._add(change / 2)
            self._shared._add(change / 2)

    @abstractmethod
    def draw(self, rng: np.random.Generator, temperature: float) -> Scalar:
        """Return a value; above a temperature of 1 from a wider distribution."""

    @abstractmethod
    def slope(self, value: Scalar, credit: float, entropy: float) -> np.ndarray:
        """Return the gradient by the parameters of the value's log-probability and the entropy, weighted."""

    @abstractmethod
    def _kind(self, value: Scalar) -> int: ...

    def _add(self, change: np.ndarray) -> None:
        self._own += change
        self._moves += 1

    def _parameters(self) -> np.ndarray:
        return self._own if self._shared is None else self._own + self._shared._own


class Listed(Head):
    """Softmax over listed values; the parameters are the logits."""

    def __init__(self, choice: Choice, shared: Listed | None) -> None:
        """Begin with all values alike."""
        assert not isinstance(choice.values, OpenIntegers)
        super().__init__(np.zeros(len(choice.values)), shared)
        self._values = tuple(choice.values)
        self._places: Mapping[Scalar, int] = {v: i for i, v in enumerate(self._values)}
        self._sums: tuple[object, list[float]] = (None, [])

    def draw(self, rng: np.random.Generator, temperature: float) -> Scalar:
        """Return one of the values."""
        # Many are drawn between two moves.
        state = (temperature, self._moves, self._shared._moves if self._shared else 0)
        if self._sums[0] != state:
            self._sums = state, np.cumsum(np.exp(self._logs(temperature))).tolist()
        place = bisect_right(self._sums[1], rng.random() * self._sums[1][-1])
        return self._values[min(place, len(self._values) - 1)]

    def slope(self, value: Scalar, credit: float, entropy: float) -> np.ndarray:
        """Return credit for the value, taken from all in proportion, and the entropy's part."""
        logs = self._logs()
        chances = np.exp(logs)
        slope = -chances * (credit + entropy * (logs - float(chances @ logs)))
        slope[self._places[value]] += credit
        return slope

    def _logs(self, temperature: float = 1.0) -> np.ndarray:
        logits = self._parameters() / temperature
        logits = logits - logits.max()
        return logits - math.log(float(np.exp(logits).sum()))

    def _kind(self, value: Scalar) -> int:
        return self._places[value]


class Open(Head):
    """A Gaussian unit (Williams, section 6) on the binary logarithm of 1 + value, rounded to integers.

    The parameters are the mean, and the logarithm of the spread. Draws go to twice the largest value that
    was tried: a distribution that runs away would ask for networks that nobody can build.
    """

    def __init__(self, choice: Choice, shared: Open | None) -> None:
        """Begin around the mean of the space's own draws, a factor of two up or down being usual."""
        assert isinstance(choice.values, OpenIntegers)
        usual = math.log2(1 + choice.values.mean)
        super().__init__(np.array([usual, math.log(_SPREAD)]) if shared is None else np.zeros(2), shared)
        self._minimum = choice.values.minimum
        self._tried = usual + 1

    def draw(self, rng: np.random.Generator, temperature: float) -> Scalar:
        """Return an integer."""
        mean, spread = self._mean_and_spread()
        drawn = mean + spread * temperature * float(rng.standard_normal())
        return max(self._minimum, round(2 ** min(drawn, self._common._tried + 1, _LARGEST)) - 1)

    def slope(self, value: Scalar, credit: float, entropy: float) -> np.ndarray:
        """Return the gradient of the density, the mean's times the variance as Williams has it.

        So both parameters move at one scale, that of a logit. A Gaussian's entropy is the logarithm of its
        spread and a constant.
        """
        mean, spread = self._mean_and_spread()
        apart = (math.log2(1 + int(value)) - mean) / spread
        if value == self._minimum and apart > 0:
            # Everything below is rounded to it, so it cannot become much likelier.
            return np.array([0.0, _STEP * entropy])
        along, wider = _bounded(_STEP * apart * spread), _bounded(_STEP * (apart * apart - 1))
        return np.array([credit * along, credit * wider + _STEP * entropy])

    def appraise(self, value: Scalar, step: float) -> None:
        """Think more of a value, or less; it was tried."""
        super().appraise(value, step)
        self._common._tried = max(self._common._tried, math.log2(1 + int(value)))

    @property
    def _common(self) -> Open:
        return self if self._shared is None else self._shared

    def _mean_and_spread(self) -> tuple[float, float]:
        mean, spread = self._parameters().tolist()
        return min(mean, self._common._tried), min(_MOST_SPREAD, max(_LEAST_SPREAD, math.exp(spread)))

    def _kind(self, value: Scalar) -> int:
        return int(math.log2(1 + int(value)))

    def _add(self, change: np.ndarray) -> None:
        super()._add(change)
        # What has run far off would take as long to come back.
        low, high = (0.0, self._tried) if self._shared is None else (-_OWN, _OWN)
        self._own[0] = min(high, max(low, self._own[0]))
        self._own[1] = min(math.log(_MOST_SPREAD), max(math.log(_LEAST_SPREAD), self._own[1]))


def head_of(choice: Choice, shared: Head | None = None) -> Head:
    """Return the distribution of a choice, `shared` being that of all its repetitions."""
    if choice.is_open:
        assert shared is None or isinstance(shared, Open)
        return Open(choice, shared)
    assert shared is None or isinstance(shared, Listed)
    return Listed(choice, shared)


def _bounded(step: float) -> float:
    return min(_STEEPEST, max(-_STEEPEST, step))
