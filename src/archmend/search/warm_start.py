"""What a strategy's first questions take over from earlier runs: their best architectures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from archmend.search.fitting import fits
from archmend.search.objectives import all_of
from archmend.search.ranking import best_first
from archmend.search.types import Budget, TrialResult
from archmend.spaces import Architecture, Space


def usable(prior: Iterable[TrialResult], space: Space, objectives: Sequence[str]) -> list[TrialResult]:
    """Return the results of earlier runs that say something here, the best first.

    Left out are those without a value, with another number of objectives, or of an architecture that this
    space does not have. Only their order is meant to be used, and that within one run: on other data the
    values are others. So several runs take turns, each with the same share of its results at a time.
    """
    found: list[tuple[float, int, TrialResult]] = []
    for number, run in enumerate(runs_of(prior)):
        ranked = best_first(r for r in run if _is_usable(r, space, len(objectives)))
        found += [(place / len(ranked), number, result) for place, result in enumerate(ranked)]
    return [result for _, _, result in sorted(found, key=lambda each: each[:2])]


def runs_of(prior: Iterable[TrialResult]) -> Iterator[list[TrialResult]]:
    """Yield the results of each run by itself: ids grow within a run and begin anew with the next."""
    run: list[TrialResult] = []
    for result in prior:
        if run and result.id <= run[-1].id:
            yield run
            run = []
        run.append(result)
    if run:
        yield run


def _is_usable(result: TrialResult, space: Space, objectives: int) -> bool:
    if result.value is None or result.architecture not in space:
        return False
    return len(all_of(result.value)) == objectives


def first_unseen(
    ranked: Iterable[TrialResult], space: Space, budget: Budget, seen: Collection[Architecture]
) -> Architecture | None:
    """Return the best architecture of earlier runs that is within the limits and not among `seen`."""
    for result in ranked:
        if result.architecture not in seen and fits(space, budget, result.architecture):
            return result.architecture
    return None
