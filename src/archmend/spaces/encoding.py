"""An architecture as a vector of fixed length, for strategies that measure distances or fit models."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from archmend.spaces.choice import Choice, OpenIntegers, Partial
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item

OPEN_REPETITIONS = 8
"""Repetitions of an open space that have places of their own; further ones show in the count alone."""


class Encoder:
    """Turns the values of an architecture into numbers.

    An ordered choice is one number: its level over the highest level, 0 to 1; of open integers the binary
    logarithm of 1 + value. An unordered one is one-hot. A choice that can be inactive has one more
    number before these, 1 where it is active; its others are 0 where it is not.

    Attributes:
        names: what each place of the vector stands for.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        """Lay out the places for the largest architecture, or for the first repetitions of an open one."""
        self._choices = tuple(laid_out(items))
        self.names = tuple(name for choice, optional in self._choices for name in _names(choice, optional))

    def encode(self, values: Partial) -> np.ndarray:
        """Return a vector (len(names),) of float64."""
        return np.array([n for choice, optional in self._choices for n in _numbers(choice, optional, values)])


def laid_out(items: Sequence[Item]) -> Iterator[tuple[Choice, bool]]:
    """Yield each choice of the largest architecture, and whether it can be inactive."""
    counters: dict[str, Choice] = {}
    for item in items:
        if isinstance(item, Choice):
            counters[item.name] = item
            yield item, item.when is not None
            continue
        most, least = _span(counters[item.by])
        sure = least if counters[item.by].when is None else 0
        for number in range(1, most + 1):
            for choice in item.at(number):
                yield choice, number > sure or choice.when is not None


def _span(counter: Choice) -> tuple[int, int]:
    if isinstance(counter.values, OpenIntegers):
        return OPEN_REPETITIONS, counter.values.minimum
    numbers = [int(v) for v in counter.values]
    return max(numbers), min(numbers)


def _names(choice: Choice, optional: bool) -> list[str]:
    flag = [f"{choice.name}?"] if optional else []
    if choice.ordered or isinstance(choice.values, OpenIntegers):
        return [*flag, choice.name]
    return [*flag, *(f"{choice.name}={value}" for value in choice.values)]


def _numbers(choice: Choice, optional: bool, values: Partial) -> list[float]:
    active = choice.name in values
    flag = [float(active)] if optional else []
    if not active:
        return [0.0] * len(_names(choice, optional))
    value: Scalar = values[choice.name]
    if isinstance(choice.values, OpenIntegers):
        return [*flag, math.log2(1 + int(value))]
    if choice.ordered:
        return [*flag, choice.levels[value] / max(1, len(choice.levels) - 1)]
    return [*flag, *(float(v == value) for v in choice.values)]
