"""Architectures as points whose distances a model weighs: a coordinate for each step of each choice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from archmend.spaces import Architecture, Choice, OpenIntegers, Scalar, Space
from archmend.spaces.choice import Partial

_OCTAVES = 12
"""Open integers have a coordinate for each doubling up to this one."""
_STEPS = 16
"""An ordered choice has no more coordinates than this: of more levels several share one."""
_HELD = 16 << 20
"""Bytes of points that are kept."""


class Coordinates:
    """The coordinates of one space, scaled so that the ends of each choice are about 1 apart, squared.

    An ordered choice has a coordinate for each step from a level to the next (a thermometer; 16 at most), of
    open integers for each doubling; an unordered one has one for each value. Each choice has one more, which
    says that it is active; its others are 0 where it is not.

    Attributes:
        names: of the choices, in order.
        choice: shape (coordinates,), the place in `names` of each coordinate's choice.
    """

    def __init__(self, space: Space) -> None:
        """Lay out the coordinates of the largest architecture, or of an open space's first repetitions."""
        self._choices = space.laid_out
        self.names = tuple(choice.name for choice in self._choices)
        self._absent = [np.zeros(_width(choice)) for choice in self._choices]
        self._known: list[dict[Scalar, np.ndarray]] = [{} for _ in self._choices]
        self.choice = np.repeat(np.arange(len(self._choices)), [len(a) for a in self._absent])
        self._held: dict[Architecture, np.ndarray] = {}

    def of(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Return the points, shape (architectures, coordinates)."""
        if 4 * len(self._held) * len(self.choice) > _HELD:
            self._held.clear()
        for architecture in architectures:
            if architecture not in self._held:
                self._held[architecture] = self._point(architecture)
        points = [self._held[a] for a in architectures]
        return np.array(points).reshape(len(points), len(self.choice))

    def _point(self, architecture: Architecture) -> np.ndarray:
        parts = []
        for choice, absent, known in zip(self._choices, self._absent, self._known, strict=True):
            value = architecture.get(choice.name)
            if value is None:
                parts.append(absent)
                continue
            if value not in known:
                known[value] = _part(choice, value)
            parts.append(known[value])
        return np.concatenate(parts).astype(np.float32)


def _width(choice: Choice) -> int:
    if choice.is_open:
        return 1 + _OCTAVES
    return 1 + (min(len(choice.levels) - 1, _STEPS) if choice.ordered else len(choice.levels))


def _part(choice: Choice, value: Scalar) -> np.ndarray:
    if isinstance(choice.values, OpenIntegers):
        height = math.log2(1 + int(value))
        steps = np.clip(height - np.arange(_OCTAVES), 0.0, 1.0) / 2
    elif choice.ordered:
        last = max(1, len(choice.levels) - 1)
        count = min(len(choice.levels) - 1, _STEPS)
        steps = np.clip(choice.levels[value] * count / last - np.arange(count), 0.0, 1.0)
        steps /= math.sqrt(max(1, count))
    else:
        steps = (np.arange(len(choice.levels)) == choice.levels[value]) / math.sqrt(2)
    return np.concatenate([[1.0], steps])


def latin_design(space: Space, count: int, rng: np.random.Generator) -> list[Architecture]:
    """Return `count` architectures in which each choice takes its values as equally often as can be.

    A Latin hypercube over the choices (McKay, Beckman and Conover, Technometrics 1979): each choice goes
    through its values in an order of its own; open integers are drawn.
    """
    orders: dict[str, list[Scalar]] = {}

    def decide(choice: Choice, _: Partial) -> Scalar:
        if isinstance(choice.values, OpenIntegers):
            return choice.draw(rng)
        left = orders.setdefault(choice.name, [])
        if not left:
            left.extend(choice.values[int(i)] for i in rng.permutation(len(choice.values)))
        return left.pop()

    return [space.make(decide) for _ in range(count)]
