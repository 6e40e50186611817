"""Which trials of a search may be compared, where some were trained for more epochs than others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from archmend.search.types import EARLY, Status, Value


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
    def reason(self) -> str | None:
        """Of what did not succeed."""


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
    if is_early(result):
        return -1
    return result.fidelity if result.status == "succeeded" and result.fidelity is not None else 0


def is_early(result: Trained) -> bool:
    """Whether a trial ended because it was not among the best on its way."""
    return result.status == "stopped" and (result.reason or "").startswith(EARLY)
