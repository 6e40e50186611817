"""Which trials end early."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.search import (
    CurvePoint,
    EarlyStopping,
    Rung,
    TrialResult,
    best_of,
    check_early_stopping,
    comparable,
    parse_early_stopping,
)
from archmend.spaces import create_space

SPACE = create_space("seed-fc", input_shape=(4,), classes=3)
finite = st.floats(0, 1)


def test_rungs_lie_below_the_last_epoch() -> None:
    assert EarlyStopping().epochs_below(28) == (1, 3, 9, 27)
    assert EarlyStopping().epochs_below(27) == (1, 3, 9)
    assert EarlyStopping(reduction_factor=2, min_epochs=5).epochs_below(20) == (5, 10)
    assert EarlyStopping().epochs_below(1) == ()


@given(values=st.lists(finite, min_size=1, max_size=30, unique=True), factor=st.integers(2, 5))
def test_of_those_that_come_together_the_best_share_goes_on(values: list[float], factor: int) -> None:
    rung = Rung(1, "accuracy", factor)
    going = [value for value in values if rung.verdict(value, values) is None]
    assert sorted(going) == sorted(values)[-math.ceil(len(values) / factor) :]


@given(known=st.lists(finite, max_size=30), value=finite)
def test_whoever_comes_alone_is_compared_with_those_before_it(known: list[float], value: float) -> None:
    alone = Rung(1, "accuracy", 3, tuple(known)).verdict(value)
    together = Rung(1, "accuracy", 3).verdict(value, [*known, value])
    assert (alone is None) == (together is None)
    if value >= max(known, default=0.0):
        assert alone is None


def test_equal_trials_all_go_on() -> None:
    assert Rung(1, "accuracy", 3, (0.1,) * 20).verdict(0.1) is None


def test_the_reason_has_the_objective_as_it_is_measured() -> None:
    assert Rung(3, "loss", 3, (-0.5, -0.25)).verdict(-1.5) == (
        "stopped early: its loss 1.5 after 3 epochs is not among the best 1 of 3"
    )


def test_a_trial_is_compared_with_what_results_were_worth_at_its_rungs() -> None:
    first = SPACE.parse("2-5")
    curve = (CurvePoint(1, 0.5, 0.7), CurvePoint(2, 0.4), CurvePoint(3, 0.3, 0.8))
    results = [
        TrialResult(0, first, 0.9, curve=curve),
        TrialResult(1, first, 0.6, "stopped", curve=(CurvePoint(1, 0.6, 0.6),)),
        TrialResult(2, first, None, "failed"),
    ]
    rungs = EarlyStopping().rungs(4, "accuracy", results)
    assert [(rung.epochs, rung.known) for rung in rungs] == [(1, (0.7, 0.6)), (3, (0.8,))]


def test_what_was_stopped_early_is_compared_with_its_like_alone() -> None:
    one = SPACE.parse("2-5")
    why = Rung(1, "accuracy", 2, (0.7, 0.8)).verdict(0.6)
    early = TrialResult(0, one, 0.6, "stopped", epochs=1.0, reason=why, curve=(CurvePoint(1, 0.6, 0.6),))
    cut = replace(early, id=1, value=0.7, reason="the time was over")
    whole = TrialResult(2, one, 0.8, epochs=9.0)
    assert comparable([early, cut, whole]) == [cut, whole]
    assert comparable([early]) == [early]
    assert best_of([early, cut]) == cut


def test_settings_come_as_text() -> None:
    assert parse_early_stopping("asha") == EarlyStopping()
    assert parse_early_stopping("asha:min_epochs=2,reduction_factor=4") == EarlyStopping(
        reduction_factor=4, min_epochs=2
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hyperband", "early stopping 'hyperband'"),
        ("asha:", "'' in --early-stopping 'asha:' is no setting"),
        ("asha:epochs=3", "'epochs=3'"),
        ("asha:min_epochs=2,min_epochs=3", "'min_epochs=3'"),
        ("asha:min_epochs=0", "at least 1, got '0'"),
        ("asha:reduction_factor=1", "at least 2, got '1'"),
        ("asha:reduction_factor=2.5", "whole number of at least 2, got '2.5'"),
    ],
)
def test_wrong_settings_are_one_sentence(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_early_stopping(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("objectives", "epochs", "said"),
    [
        (("accuracy", "params"), 9, "--objective is accuracy,params"),
        (("params",), 9, "--objective is params"),
        (("loss",), 1, "--epochs is 1"),
    ],
)
def test_what_cannot_be_compared_on_the_way_is_refused(
    objectives: tuple[str, ...], epochs: int, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        check_early_stopping(EarlyStopping(), objectives, epochs)
