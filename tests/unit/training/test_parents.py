"""Whose weights a trial starts from."""

from __future__ import annotations

import pytest

from archmend.errors import BadInput
from archmend.search import Suggestion, TrialResult
from archmend.spaces import create_space
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


def test_parent_is_the_nearest_and_of_equals_the_better() -> None:
    choose = parent_chooser("parent", SPACE)
    assert choose is not None
    assert choose(_asked("10-9"), FINISHED) == 3
    assert choose(_asked("5-6"), FINISHED) == 2  # as far from 5-5 as from 5-7
    assert choose(_asked("1-1"), []) is None


def test_an_unknown_name() -> None:
    with pytest.raises(BadInput, match="unknown inheritance 'parents': did you mean 'parent'"):
        parent_chooser("parents", SPACE)
