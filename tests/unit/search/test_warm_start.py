"""Results of earlier runs: which count, and in what order."""

from __future__ import annotations

from archmend.search import TrialResult
from archmend.search.warm_start import runs_of, usable
from archmend.spaces import Architecture, Choice, Space

SPACE = Space([Choice("a", list(range(10)))])


def _result(number: int, a: int, value: float | tuple[float, ...] | None) -> TrialResult:
    return TrialResult(number, Architecture({"a": a}), value, "failed" if value is None else "succeeded")


def test_runs_are_told_apart_by_their_ids() -> None:
    results = [_result(i, i, 0.0) for i in (0, 1, 3, 0, 2, 2)]
    assert [[r.id for r in run] for run in runs_of(results)] == [[0, 1, 3], [0, 2], [2]]


def test_values_of_two_runs_are_never_compared() -> None:
    poor = [_result(0, 0, 0.1), _result(1, 1, 0.2)]
    rich = [_result(0, 2, 900.0), _result(1, 3, 800.0)]
    assert [r.architecture["a"] for r in usable([*poor, *rich], SPACE, ["accuracy"])] == [1, 2, 0, 3]


def test_what_says_nothing_is_left_out() -> None:
    results = [_result(0, 0, None), _result(1, 99, 1.0), _result(2, 2, (1.0, 2.0)), _result(3, 3, 0.5)]
    assert [r.id for r in usable(results, SPACE, ["accuracy"])] == [3]
