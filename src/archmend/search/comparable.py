"""Which trials of a search may be compared, where some were trained for more epochs than others."""

from __future__ import annotations

from collections.abc import Iterable

from archmend.search.types import TrialResult


def comparable(results: Iterable[TrialResult]) -> list[TrialResult]:
    """Return the measured results that may be compared: all of them, or those with the highest fidelity.

    A strategy that chooses the epochs gives its trials a fidelity. What one epoch reaches says little beside
    what nine do, so of these only the trials that reached the highest fidelity so far count; one that was
    stopped on its way has not reached its own.
    """
    measured = [result for result in results if result.value is not None]
    highest = max(map(reached, measured), default=0)
    return [result for result in measured if reached(result) == highest]


def reached(result: TrialResult) -> int:
    """Return the fidelity that a trial reached: 0 where it was stopped, or has none."""
    return result.fidelity if result.status == "succeeded" and result.fidelity is not None else 0
