"""Whose weights a trial starts from."""

from __future__ import annotations

import pytest

from archmend.errors import BadInput
from archmend.search import Suggestion, TrialResult
from archmend.spaces import Choice, Space, create_space
from archmend.training import parent_chooser

SPACE = create_space("seed-fc", input_shape=(4,), classes=3)
FINISHED = [
    TrialResult(0, SPACE.parse("1-2"), 0.9),
    TrialResult(1, SPACE.parse("5-5"), 0.5),
    TrialResult(2, SPACE.parse("5-7"), 0.6),
    TrialResult(3, SPACE.parse("10-10"), 0.9),
]


def _asked(code: str) -> Suggestion:
    return Suggestion(9, SPACE.parse(code))


def test_none_chooses_nothing() -> None:
    assert parent_chooser("none", SPACE) is None


def test_best_is_the_earliest_of_the_best() -> None:
    choose = parent_chooser("best", SPACE)
    assert choose is not None
    assert choose(_asked("10-9"), FINISHED) == 0
    assert choose(_asked("10-9"), FINISHED[1:]) == 3
    assert choose(_asked("10-9"), []) is None


def _chosen(code: str, finished: list[TrialResult], space: Space = SPACE) -> int | None:
    choose = parent_chooser("parent", space)
    assert choose is not None
    return choose(Suggestion(9, space.parse(code)), finished)


def test_parent_is_the_one_from_which_most_is_to_be_gained() -> None:
    assert _chosen("1-1", []) is None
    assert _chosen("6-8", FINISHED[1:3]) == 2  # both can grow to it: the better one
    worse = [TrialResult(n, SPACE.parse("1-1"), 0.1) for n in (4, 5)]
    assert _chosen("6-6", FINISHED[1:3] + worse) == 1  # five units can grow to six, and seven cannot
    assert _chosen("1-3", FINISHED) == 0


def test_of_equals_the_nearest_is_taken() -> None:
    space = create_space("fc", input_shape=(4,), classes=3)
    codes = ("1-64-relu-none-0-0.01", "1-64-relu-none-0.1-0.001", "1-64-relu-none-0-0.0003")
    finished = [TrialResult(n, space.parse(code), 0.5) for n, code in enumerate(codes)]
    assert _chosen("2-64-64-relu-none-0.1-0.001", finished[:1] + finished[2:], space) == 0
    assert _chosen("2-64-64-relu-none-0-0.0003", finished[2:] + finished[:1], space) == 0


def test_the_same_architecture_goes_on_from_where_it_was_trained_longest() -> None:
    epochs = [(3, 0.8), (9, 0.7), (1, 0.9)]
    same = [TrialResult(n + 4, SPACE.parse("6-6"), value, epochs=e) for n, (e, value) in enumerate(epochs)]
    assert _chosen("6-6", FINISHED + same) == 5


def test_a_space_of_ones_own_goes_by_distance_and_value() -> None:
    space = Space([Choice("units", [16, 32, 64]), Choice("head", ["a", "b"])], name="mine")
    codes = {"16-a": 0.5, "64-b": 0.6, "16-b": 0.1}
    finished = [TrialResult(n, space.parse(code), value) for n, (code, value) in enumerate(codes.items())]
    assert _chosen("32-b", finished, space) == 1
    assert _chosen("16-a", finished, space) == 0


def test_an_unknown_name() -> None:
    with pytest.raises(BadInput, match="unknown inheritance 'parents': did you mean 'parent'"):
        parent_chooser("parents", SPACE)
