"""One order of what was measured, with one objective or several, for strategies that only compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from archmend.search.objectives import all_of, first_of
from archmend.search.types import TrialResult, Value


def best_first(results: Iterable[TrialResult]) -> list[TrialResult]:
    """Return the measured results, the best first, of equal ones the earliest.

    With several objectives: by the front that they lie in once the better fronts are taken away, and within
    a front the least crowded first (Deb et al., IEEE Trans. Evolutionary Computation 2002).
    """
    measured = [result for result in results if result.value is not None]
    if not any(isinstance(result.value, tuple) for result in measured):
        return sorted(measured, key=lambda r: (-first_of(r.value), r.id))
    found: list[TrialResult] = []
    for front in fronts([all_of(result.value) for result in measured]):
        crowding = crowding_distances([all_of(measured[i].value) for i in front])
        order = sorted(range(len(front)), key=lambda k: (-crowding[k], measured[front[k]].id))
        found += [measured[front[k]] for k in order]
    return found


def fronts(values: Sequence[Value]) -> list[list[int]]:
    """Return the places of the values, front by front: none in the first is dominated, and so on."""
    beats = _beats(values)
    beaten_by = beats.sum(axis=0)
    found: list[list[int]] = []
    current = np.flatnonzero(beaten_by == 0)
    while len(current):
        found.append(current.tolist())
        beaten_by[current] = -1  # no longer asked for
        beaten_by -= beats[current].sum(axis=0)
        current = np.flatnonzero(beaten_by == 0)
    return found


def _beats(values: Sequence[Value]) -> np.ndarray:
    """Return which dominates which, shape (values, values): thousands of them are compared at once."""
    points = np.array(list(map(all_of, values)), dtype=float)
    count = len(values)
    no_worse, better = np.ones((count, count), dtype=bool), np.zeros((count, count), dtype=bool)
    for axis in points.T:
        no_worse &= axis[:, None] >= axis
        better |= axis[:, None] > axis
    return no_worse & better


def crowding_distances(values: Sequence[tuple[float, ...]]) -> list[float]:
    """Return for each point of a front how far its neighbours lie apart, infinity at the ends."""
    distances = [0.0] * len(values)
    for axis in range(len(values[0]) if values else 0):
        order = sorted(range(len(values)), key=lambda i: values[i][axis])
        low, high = values[order[0]][axis], values[order[-1]][axis]
        distances[order[0]] = distances[order[-1]] = math.inf
        if high > low:
            for before, here, after in zip(order, order[1:], order[2:], strict=False):
                distances[here] += (values[after][axis] - values[before][axis]) / (high - low)
    return distances
