"""A trial of more epochs goes on from an earlier one of the same architecture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archmend.search import Suggestion, TrialResult
from archmend.spaces import Architecture


def earlier_trial(suggestion: Suggestion, finished: Iterable[TrialResult]) -> TrialResult | None:
    """Return the trial from whose weights a suggestion goes on, the one of the most epochs; None is anew.

    It has the same architecture and a lower fidelity, and reached it; only a suggestion with a fidelity has
    one. What is left to train are the epochs between the two.
    """
    if suggestion.fidelity is None:
        return None
    below = [
        result
        for result in finished
        if result.architecture == suggestion.architecture
        and result.status == "succeeded"
        and result.fidelity is not None
        and result.fidelity < suggestion.fidelity
    ]
    return max(below, key=lambda r: (r.fidelity or 0, r.id), default=None)


def promotable(results: Iterable[TrialResult], highest: int) -> set[int]:
    """Return the trials from whose weights a later one may go on.

    Args:
        results: of the search so far.
        highest: fidelity from which nothing goes on.
    """
    latest: dict[Architecture, TrialResult] = {}
    for result in results:
        before = latest.get(result.architecture)
        if result.fidelity is not None and (before is None or (before.fidelity or 0) < result.fidelity):
            latest[result.architecture] = result
    return {r.id for r in _on_the_way(latest, highest)}


def _on_the_way(latest: Mapping[Architecture, TrialResult], highest: int) -> Iterable[TrialResult]:
    return (r for r in latest.values() if r.status == "succeeded" and (r.fidelity or 0) < highest)
