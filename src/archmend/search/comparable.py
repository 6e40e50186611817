"""Which trials of a search may be compared, where some were trained for more epochs than others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from archmend.search.types import Status, Value


class Point(Protocol):
    """What is needed of a point of a learning curve."""

    @property
    def epoch(self) -> int:
        """Counts from 1."""

    @property
    def value(self) -> float | None:
        """None where nothing was compared."""


class Trained(Protocol):
    """What is needed of a trial: a `TrialResult`, or what was read of one."""

    @property
    def value(self) -> Value | None:
        """Larger is better; None where nothing was measured."""

    @property
    def status(self) -> Status:
        """What became of it."""

    @property
    def fidelity(self) -> int | None:
        """Epochs that were asked for."""

    @property
    def epochs(self) -> float | None:
        """Epochs that were trained."""

    @property
    def curve(self) -> Sequence[Point]:
        """A point for each whole epoch, where they were kept."""


_Trial = TypeVar("_Trial", bound=Trained)


def comparable(results: Iterable[_Trial]) -> list[_Trial]:
    """Return the measured results that may be compared: all of them, or those with the highest fidelity.

    A strategy that chooses the epochs gives its trials a fidelity. What one epoch reaches says little beside
    what nine do, so of these only the trials that reached the highest fidelity so far count; one that was
    stopped on its way has not reached its own. Nor do trials count that were stopped early, for what they
    were worth after few epochs, beside any that were not.
    """
    measured = [result for result in results if result.value is not None]
    highest = max(map(reached, measured), default=0)
    return [result for result in measured if reached(result) == highest]


def reached(result: Trained) -> int:
    """Return the fidelity that a trial reached: 0 where it has none or was cut, -1 if stopped early."""
    if result.status == "stopped" and result.curve:
        last = result.curve[-1]
        # The clock cuts a trial after that, if at all.
        return -1 if last.value is not None and last.epoch == result.epochs else 0
    return result.fidelity if result.status == "succeeded" and result.fidelity is not None else 0
