"""Which trials no other is better than in everything."""

from __future__ import annotations

from collections.abc import Iterable

from archmend.search.comparable import comparable
from archmend.search.objectives import all_of
from archmend.search.types import TrialResult, Value


def dominates(a: Value, b: Value) -> bool:
    """Whether `a` is at least as good as `b` in every objective and better in one."""
    left, right = all_of(a), all_of(b)
    return all(x >= y for x, y in zip(left, right, strict=True)) and left != right


def pareto_front(results: Iterable[TrialResult]) -> tuple[TrialResult, ...]:
    """Return the trials that none dominates, the best first objective first; of equal ones the earliest.

    Of several fidelities, only those at the highest; see `comparable`.
    """
    ranked = sorted(comparable(results), key=_rank)
    front: list[TrialResult] = []
    for result in ranked:
        assert result.value is not None
        # Whatever dominates it comes before it, so the front so far is all that has to be asked.
        if all(
            f.value != result.value and not dominates(f.value, result.value)
            for f in front
            if f.value is not None
        ):
            front.append(result)
    return tuple(front)


def best_of(results: Iterable[TrialResult]) -> TrialResult | None:
    """Return the front's trial with the best first objective, None where nothing was measured."""
    return min(comparable(results), key=_rank, default=None)


def _rank(result: TrialResult) -> tuple[list[float], int]:
    # Whatever dominates comes first, of equal ones the earliest.
    return [-v for v in all_of(result.value)], result.id
