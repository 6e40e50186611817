"""What a strategy's first questions take over from earlier runs: their best architectures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from archmend.search.ranking import best_first
from archmend.search.types import Budget, TrialResult
from archmend.spaces import Architecture, Space


def usable(prior: Iterable[TrialResult], space: Space, objectives: Sequence[str]) -> list[TrialResult]:
    """Return the results of earlier runs that say something here, the best first.

    Left out are those without a value, with another number of objectives, or of an architecture that this
    space does not have. Only their order is meant to be used: on other data the values are others.
    """
    several = len(objectives)
    return best_first(
        r
        for r in prior
        if r.value is not None
        and (len(r.value) if isinstance(r.value, tuple) else 1) == several
        and r.architecture in space
    )


def first_unseen(
    ranked: Iterable[TrialResult], space: Space, budget: Budget, seen: Collection[Architecture]
) -> Architecture | None:
    """Return the best architecture of earlier runs that is within the limits and not among `seen`."""
    for result in ranked:
        if result.architecture not in seen and budget.excess(space.cost(result.architecture)) is None:
            return result.architecture
    return None
