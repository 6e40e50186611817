"""How collected trials become a network: gains, what an order comes to, and the ensemble's fit."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from benchmarks.repair.learning.ensemble import Ensemble, Settings
from benchmarks.repair.learning.moments import guess
from benchmarks.repair.learning.trials import Moment, by_entropy, by_lot, gain, statistics_of, treated

from archmend.repair.values import Description, EpochRecord, LayerStatistics, RateTest, TrainingStatistics

GUESS = [0.7, 0.5]


def moment(**told: Any) -> Moment:
    """A moment at which three remedies were tried of the four that apply."""
    usual: dict[str, Any] = {
        "network": 1,
        "symptom": "dying",
        "hopeless": True,
        "early": True,
        "features": {},
        "rules": ["a", "b"],
        "offered": ["a", "b", "c", "d"],
        "gains": {"a": 0.0, "b": 0.3, "c": 0.8},
        "accuracies": {"a": 0.0, "b": 0.2, "c": 0.4},
        "kept": {"a": False, "b": True, "c": True},
        "falls": {"a": 0.9, "b": 0.1, "c": 0.5},
        "entropies": {"a": 0.0, "b": 0.9, "c": 0.1},
    }
    return Moment(**{**usual, **told})


def test_a_gain_is_the_share_of_what_a_guess_gets_wrong() -> None:
    nothing, half, all_right = [0.7, 0.5], [0.35, 0.75], [0.0, 1.0]
    assert gain(GUESS, nothing, all_right) == pytest.approx(1.0)
    assert gain(GUESS, nothing, half) == pytest.approx(0.5)
    assert gain(GUESS, all_right, half) == pytest.approx(-0.5)
    assert gain(GUESS, [9.0, 0.2], nothing) == 0.0


def test_a_gain_counts_what_is_not_finite_as_knowing_nothing_and_foreign_losses_not_at_all() -> None:
    assert gain(GUESS, [math.inf, 0.5], [0.35, 0.75]) == pytest.approx(0.5)
    assert gain(GUESS, [math.nan, 0.5], [0.7, 0.5]) == 0.0
    assert gain(GUESS, [None, 0.5], [0.0, 0.75]) == pytest.approx(0.5)


def test_a_guess_says_the_frequencies() -> None:
    labels = np.array([0, 0, 1, 1])
    assert guess(labels) == pytest.approx([math.log(2), 0.5])
    assert guess(np.eye(3)[labels]) == pytest.approx([math.log(2), 0.5])


def test_where_a_network_cannot_learn_the_first_that_mends_it_is_kept_else_the_best_of_the_race() -> None:
    assert treated(moment(), ["a", "b", "c"]) == "b"
    assert treated(moment(hopeless=False), ["a", "b", "c"]) == "c"
    assert treated(moment(), ["d", "a"]) is None
    assert treated(moment(), ["d", "c", "b"]) == "c"


def test_max_entropy_is_followed_among_what_the_rules_name() -> None:
    assert by_entropy(moment()) == ["b", "a"]
    assert by_entropy(moment(entropies={"a": 5.0, "b": 0.3, "c": 1.0})) == ["a", "b"]
    assert by_entropy(moment(rules=[], entropies={"a": None, "b": 0.0, "c": 1.0})) == ["c", "b"]


def test_by_lot_the_untried_are_stood_for_by_what_the_rules_do_not_name() -> None:
    orders = [by_lot(moment(), np.random.default_rng(seed)) for seed in range(20)]
    assert all(sorted(order) == ["a", "b", "c", "c"] for order in orders)
    assert len({tuple(order) for order in orders}) > 5


def test_statistics_come_back_from_a_record() -> None:
    layer = LayerStatistics("a", "relu", False, 1.0, 2.0, 0.5, 0.0, 0.0)
    seen = TrainingStatistics(
        1,
        0,
        9,
        3,
        9,
        losses=(1.0, 0.5),
        layers=(layer,),
        first=(layer,),
        history=(EpochRecord(0, 1.0, 0.5, 1.0, 0.5, 0.01, 0.1),),
        chance=0.5,
        learning_rate=0.1,
        description=Description(dropouts=(("d", 0.5),), penalties=(("a", 0.1),), softmaxes=("s",)),
        rates=(RateTest(0.1, 1.0, 1.0, 0.9, 8, 0.1),),
    )
    # Through JSON NaN stays NaN, which equals nothing: compared as text.
    assert repr(statistics_of(json.loads(json.dumps(asdict(seen))))) == repr(seen)


def test_an_ensemble_finds_what_gains_where_and_how_sure_it_can_be() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 6))
    noise = np.where(x[:, :1] > 0, 0.3, 0.05) * rng.normal(size=(300, 2))
    y = np.stack([np.tanh(x[:, 1]), np.where(x[:, 2] > 0, 0.5, -0.5)], axis=1) + noise
    y[rng.random(y.shape) < 0.3] = np.nan
    settings = Settings(members=4, units=(24,), steps=400)
    made = Ensemble(6, 2, settings, seed=0)
    made.fit(x[:200], y[:200], np.arange(200) // 2)
    hidden = np.maximum(x[200:] @ made.kernels[0] + made.biases[0][:, None], 0)
    gains, logs = np.split(hidden @ made.kernels[1] + made.biases[1][:, None], 2, axis=2)
    expected, deviation = gains.mean(axis=0), np.sqrt(np.exp(2 * logs).mean(axis=0) + gains.var(axis=0))
    told = np.isfinite(y[200:])
    assert np.corrcoef(expected[told], y[200:][told])[0, 1] > 0.75
    loud = x[200:, 0] > 0
    assert deviation[loud].mean() > 1.3 * deviation[~loud].mean()
    inside = np.abs(expected - y[200:])[told] < 1.645 * deviation[told]
    assert 0.75 < inside.mean() < 1.0
