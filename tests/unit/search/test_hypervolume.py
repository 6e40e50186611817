"""Hypervolume: exact in any number of objectives, and what it is measured from."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import TrialResult
from archmend.search.hypervolume import Hypervolume, hypervolume, hypervolumes, reference_point
from archmend.spaces import Architecture

Points = list[tuple[float, ...]]


def _points(most: int) -> st.SearchStrategy[Points]:
    def of(size: int) -> st.SearchStrategy[Points]:
        return st.lists(st.tuples(*[st.integers(-1, 4).map(float)] * size), max_size=most)

    return st.integers(1, 4).flatmap(of)


def _cells(points: Points) -> int:
    """Count the unit cells that some point dominates, from 0 on."""
    size = len(points[0]) if points else 1
    return sum(
        any(all(p > c for p, c in zip(point, cell, strict=True)) for point in points)
        for cell in itertools.product(range(4), repeat=size)
    )


@given(_points(9))
def test_it_is_exact(points: Points) -> None:
    origin = (0.0,) * (len(points[0]) if points else 1)
    assert hypervolume(points, origin) == _cells(points)
    grown = hypervolumes(points, origin)
    assert grown == [_cells(points[: i + 1]) for i in range(len(points))]


def test_the_reference_lies_a_tenth_of_the_span_behind_the_worst() -> None:
    assert reference_point([(0.5, -100.0), (1.0, -300.0)]) == (pytest.approx(0.45), -320.0)
    assert reference_point([(0.5, 0.0), (0.5, 0.0)]) == (pytest.approx(0.45), -0.1)


def _result(number: int, value: tuple[float, ...] | None) -> TrialResult:
    status = "failed" if value is None else "succeeded"
    return TrialResult(number, Architecture({"a": number}), value, status)  # type: ignore[arg-type]


def test_of_a_search() -> None:
    results = [_result(0, (0.5, -300.0)), _result(1, None), _result(2, (1.0, -100.0))]
    found = Hypervolume.of(results)
    assert found is not None
    assert (found.ideal, found.reference) == ((1.0, -100.0), (pytest.approx(0.45), -320.0))
    assert found.share == pytest.approx(1.0)  # one trial is best in everything
    assert found.value == pytest.approx(0.55 * 220)
    given_ = Hypervolume.of(results, reference=(0.0, -400.0))
    assert given_ is not None
    assert given_.value == pytest.approx(300.0)
    assert Hypervolume.of([_result(0, None)]) is None


def test_points_that_do_not_go_together() -> None:
    with pytest.raises(BadInput, match=r"has 2 objectives and the reference \(0.0,\) has 1"):
        hypervolume([(1.0, 2.0)], (0.0,))
