"""Why a search stops: pure decisions on what was recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from archmend.search.objectives import DIRECTIONS, first_of
from archmend.search.pareto import best_of
from archmend.search.types import Budget, TrialResult

SLOW = 30
"""Networks that were built and are all over the limit of latency, after which no other one is."""
StoppedBy = Literal["trials", "seconds", "target", "exhausted", "cancelled"]
"""What ended a search; `cancelled` is by somebody else, as an Experiment that is stopped by hand."""
ALIKE = 3
"""Failures of one kind at the start after which going on makes no sense."""


def charged(results: Sequence[TrialResult]) -> int:
    """Return how many trials count against the budget: all but the rejected ones."""
    return sum(result.status != "rejected" for result in results)


def reached_target(budget: Budget, objectives: Sequence[str], results: Sequence[TrialResult]) -> bool:
    """Whether the best trial's first objective is as good as the target, which is in its own direction."""
    best = None if budget.target is None else best_of(results)
    if budget.target is None or best is None or best.value is None:
        return False
    return first_of(best.value) >= DIRECTIONS.get(objectives[0], 1) * budget.target


def too_slow(budget: Budget, results: Sequence[TrialResult], least: int = 1) -> str | None:
    """Return why the limit of latency leaves nothing, where no network of those measured has kept it.

    Args:
        budget: with the limit.
        results: of all that was evaluated, rejected ones among them.
        least: networks that have to be measured for it to be said.
    """
    measured = [r.latency_ms for r in results if r.status == "rejected" and r.latency_ms is not None]
    if budget.latency_ms is None or len(measured) < least or charged(results):
        return None
    return (
        f"none of {len(measured)} networks keeps latency_ms {budget.latency_ms:g} on this machine; the "
        f"fastest took {min(measured):.3g}: raise the limit"
    )


def common_failure(results: Sequence[TrialResult], running: Collection[int] = ()) -> str | None:
    """Return the reason if the first trials all failed for the same one, else None.

    The first are those with the smallest ids; while one of the `running` ids is among them, nothing is said,
    so that several workers stop where one would.
    """
    tried = sorted((r for r in results if r.status != "rejected"), key=lambda r: r.id)[:ALIKE]
    if len(tried) < ALIKE or any(number < tried[-1].id for number in running):
        return None
    reasons = {result.reason for result in tried}
    if all(r.status == "failed" for r in tried) and len(reasons) == 1:
        return reasons.pop() or "no reason given"
    return None
