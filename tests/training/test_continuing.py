"""Which trial one of more epochs goes on from, and whose weights are kept for that."""

from __future__ import annotations

from archmend.search import Suggestion, TrialResult
from archmend.spaces import Architecture
from archmend.training import earlier_trial, promotable

A, B, C = (Architecture({"n": n}) for n in range(3))


def _trial(
    number: int, architecture: Architecture, fidelity: int | None, status: str = "succeeded"
) -> TrialResult:
    value = 0.5 if status in ("succeeded", "stopped") else None
    return TrialResult(number, architecture, value, status, fidelity)  # type: ignore[arg-type]


def test_it_is_the_same_architecture_with_the_most_of_fewer_epochs() -> None:
    finished = [_trial(0, A, 1), _trial(1, B, 3), _trial(2, A, 3), _trial(3, A, 9), _trial(4, A, None)]
    found = earlier_trial(Suggestion(7, A, 9), finished)
    assert found is not None
    assert found.id == 2
    assert earlier_trial(Suggestion(7, C, 9), finished) is None
    assert earlier_trial(Suggestion(7, A, 1), finished) is None
    assert earlier_trial(Suggestion(7, A), finished) is None


def test_one_that_was_cut_has_not_trained_what_it_was_asked_for() -> None:
    found = earlier_trial(Suggestion(7, A, 9), [_trial(0, A, 1), _trial(1, A, 3, "stopped")])
    assert found is not None
    assert found.id == 0


def test_weights_are_kept_while_more_epochs_may_come() -> None:
    results = [_trial(0, A, 1), _trial(1, B, 1), _trial(2, A, 3), _trial(3, C, 1, "failed"), _trial(4, B, 3)]
    assert promotable(results, 9) == {2, 4}
    assert promotable([*results, _trial(5, A, 9)], 9) == {4}
    assert promotable([*results, _trial(5, B, 9, "failed")], 9) == {2}
    assert promotable([_trial(0, A, None)], 9) == set()
