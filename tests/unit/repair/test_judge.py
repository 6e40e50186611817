"""Kept only if better by more than noise."""

from __future__ import annotations

import numpy as np

from archmend.repair.judge import Verdict, judge, surely_lower
from archmend.repair.run import Validation


def validation(row_losses: np.ndarray) -> Validation:
    return Validation(float(row_losses.mean()), 0.5, row_losses, np.zeros(len(row_losses)))


RNG = np.random.default_rng(0)
BASE = RNG.gamma(2.0, 0.35, 300)


def test_noise_alone_is_kept_in_less_than_one_trial_of_a_hundred() -> None:
    kept = 0
    for _ in range(1000):
        other = BASE + RNG.normal(0, 0.4, 300)
        kept += surely_lower(validation(BASE), validation(other))
    assert kept < 10


def test_a_clear_gain_is_kept_and_a_sure_but_tiny_one_is_not() -> None:
    assert surely_lower(validation(BASE), validation(BASE * 0.8))
    assert not surely_lower(validation(BASE), validation(BASE - 0.001))


def test_a_fault_that_still_shows_is_never_kept() -> None:
    found = judge(
        validation(BASE), validation(BASE), validation(BASE * 0.5), mended=False, structural=True, last=True
    )
    assert found.verdict is Verdict.DROP


def test_values_that_are_not_finite_are_dropped() -> None:
    bad = validation(np.full(300, np.nan))
    found = judge(None, validation(BASE), bad, mended=True, structural=True, last=False)
    assert found.verdict is Verdict.DROP


def test_an_open_trial_goes_on_until_the_last_round() -> None:
    same, start = validation(BASE), validation(BASE)
    for structural in (False, True):
        longer = judge(same, start, same, mended=True, structural=structural, last=False)
        over = judge(same, start, same, mended=True, structural=structural, last=True)
        assert (longer.verdict, over.verdict) == (Verdict.LONGER, Verdict.DROP)


def test_a_likely_gain_is_enough_only_where_a_fault_of_structure_is_gone() -> None:
    noisy = validation(BASE * 0.97 + RNG.normal(0, 0.2, 300))
    verdicts = [
        judge(
            validation(BASE), validation(BASE), noisy, mended=True, structural=structural, last=True
        ).verdict
        for structural in (False, True)
    ]
    assert verdicts == [Verdict.DROP, Verdict.KEEP]


def test_a_loss_that_falls_to_that_of_knowing_nothing_is_not_learning() -> None:
    start, now = validation(BASE * 2), validation(BASE)
    loss = now.row_loss
    for known, verdict in ((None, Verdict.KEEP), (1.1 * loss, Verdict.KEEP), (loss, Verdict.LONGER)):
        found = judge(None, start, now, mended=True, structural=True, last=False, known=known)
        assert found.verdict is verdict
    slow = judge(None, start, now, mended=True, structural=True, last=True, known=loss)
    assert (slow.verdict, slow.sure) == (Verdict.KEEP, False)
