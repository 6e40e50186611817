"""The order of results: one objective, several, ties."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.search import TrialResult, best_first, dominates, pareto_front
from archmend.search.ranking import crowding_distances, fronts
from archmend.spaces import Architecture

POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20)


def _results(values: list[float | tuple[float, ...] | None]) -> list[TrialResult]:
    status = ["failed" if v is None else "succeeded" for v in values]
    return [
        TrialResult(i, Architecture({"a": i}), v, s)
        for i, (v, s) in enumerate(zip(values, status, strict=True))
    ]


def test_one_objective_ties_and_failures() -> None:
    assert [r.id for r in best_first(_results([0.5, 0.9, None, 0.9, 0.1]))] == [1, 3, 0, 4]


@given(POINTS)
def test_the_first_front_is_the_pareto_front(points: list[tuple[int, int]]) -> None:
    results = _results([tuple(map(float, p)) for p in points])
    ordered = best_first(results)
    assert sorted(r.id for r in ordered) == list(range(len(points)))
    front = {r.value for r in pareto_front(results)}
    first = fronts([r.value for r in results if r.value is not None])[0]
    assert {results[i].value for i in first} == front
    assert {r.value for r in ordered[: len(first)]} == front


@given(POINTS)
def test_whatever_dominates_comes_first(points: list[tuple[int, int]]) -> None:
    ordered = [r.value for r in best_first(_results([tuple(map(float, p)) for p in points]))]
    for place, better in enumerate(ordered):
        assert not any(dominates(later, better) for later in ordered[place:] if later and better)


def test_crowding() -> None:
    assert crowding_distances([(0.0, 4.0), (1.0, 3.0), (4.0, 0.0)]) == [
        math.inf,
        pytest.approx(2.0),
        math.inf,
    ]
    assert crowding_distances([(1.0, 1.0), (1.0, 1.0)]) == [math.inf, math.inf]
