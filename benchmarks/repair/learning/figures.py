"""What predictions and rankings are worth on networks that the predicting ensemble has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from benchmarks.repair.learning.trials import Moment, by_entropy, by_lot, treated
from scipy.stats import norm, spearmanr, wilcoxon

from archmend.repair.strategies.auto import SIGNAL
from archmend.repair.strategies.gain_model import GainModel
from archmend.repair.strategies.learned import by_gain

COVERED = (0.5, 0.8, 0.9, 0.95)
DRAWS = 200
"""Random orders of each moment, over which the control is averaged."""
FEW = 3
Order = Callable[[int], Sequence[str]]


def calibration(moments: Sequence[Moment], models: Sequence[GainModel], part: np.ndarray) -> dict[str, Any]:
    """Return how far off the predicted gains are, how well they order, and what the intervals cover."""
    missed, deviations, truths, gains, ranks = [], [], [], [], []
    for row, moment in enumerate(moments):
        model = models[part[row]]
        found = model.predict(np.array(list(moment.features.values())), moment.rules)
        at = [number for number, name in enumerate(model.remedies) if name in moment.gains]
        truth = np.array([moment.gains[model.remedies[number]] for number in at])
        gain = found.gains[at]
        missed += list(gain - truth)
        deviations += list(found.deviation[at])
        truths += list(truth)
        gains += list(gain)
        if np.ptp(truth) > 0 and np.ptp(gain) > 0:
            ranks.append(spearmanr(truth, gain).statistic)
    away = np.abs(missed) / np.array(deviations)
    return {
        "covered": {f"{share:g}": float((away <= norm.ppf((1 + share) / 2)).mean()) for share in COVERED},
        "mean_width_of_the_90_interval": float(2 * norm.ppf(0.95) * np.mean(deviations)),
        "root_mean_square_error": float(np.sqrt(np.mean(np.square(missed)))),
        "root_mean_square_of_the_gains": float(np.std(truths)),
        "rank_correlation_of_all": float(spearmanr(truths, gains).statistic),
        "rank_correlation_within_a_moment": float(np.mean(ranks)),
        "factor": [float(model.factor) for model in models],
    }


def strategies(moments: Sequence[Moment], models: Sequence[GainModel], part: np.ndarray) -> dict[str, Any]:
    """Return what each strategy's order comes to, among the remedies that were tried; all in gains.

    Regret of the first is what the best tried remedy gains above the first of the order, of the first three
    above the best of these. `treated` is what a treatment in that order gains, of accuracy too. p is of
    Wilcoxon's signed-rank test over networks, one-sided, that `treated` is more than with each other order.
    """
    learned = [_learned(moment, models[part[row]]) for row, moment in enumerate(moments)]
    rules = [list(moment.rules) for moment in moments]
    entropy = [by_entropy(moment) for moment in moments]
    signal = [moment.early and moment.symptom in SIGNAL for moment in moments]
    orders: dict[str, list[list[str]]] = {
        "rules": rules,
        "max_entropy": entropy,
        "entropy_for_signals": [e if s else r for e, r, s in zip(entropy, rules, signal, strict=True)],
        "learned": [o or r for o, r in zip(learned, rules, strict=True)],
        "learned_but_signals": [
            e if s else (o or r) for o, e, r, s in zip(learned, entropy, rules, signal, strict=True)
        ],
        "learned_else_entropy": [
            o or (e if s else r) for o, e, r, s in zip(learned, entropy, rules, signal, strict=True)
        ],
    }
    worth = {
        name: [_worth(*pair) for pair in zip(moments, some, strict=True)] for name, some in orders.items()
    }
    rng = np.random.default_rng(0)
    worth["random"] = [_of_lots(moment, rng) for moment in moments]
    networks = np.array([moment.network for moment in moments])
    groups = {"all": np.ones(len(moments), bool), "signals": np.array(signal)}
    groups["hopeless"] = np.array([moment.hopeless for moment in moments])
    groups["raced"] = ~groups["hopeless"]
    groups["sure"] = np.array([order is not None for order in learned])
    found: dict[str, Any] = {}
    for title, chosen in groups.items():
        found[title] = {"moments": int(chosen.sum())}
        for name, told in worth.items():
            found[title][name] = _means([one for one, yes in zip(told, chosen, strict=True) if yes])
    found["p"] = {
        name: {other: _p(told, worth[other], networks) for other in worth if other != name}
        for name, told in worth.items()
    }
    return found


def _learned(moment: Moment, model: GainModel) -> list[str] | None:
    return by_gain(model, moment.features, moment.rules, moment.offered)


def _worth(moment: Moment, order: Sequence[str]) -> dict[str, float]:
    some = [moment.gains[name] for name in order if name in moment.gains]
    best, kept = max(moment.gains.values()), treated(moment, order)
    return {
        "regret_of_the_first": best - (some[0] if some else 0.0),
        "regret_of_the_first_three": best - max(some[:FEW], default=0.0),
        "treated": 0.0 if kept is None else moment.gains[kept],
        "treated_accuracy": 0.0 if kept is None else moment.accuracies[kept],
    }


def _of_lots(moment: Moment, rng: np.random.Generator) -> dict[str, float]:
    return _means([_worth(moment, by_lot(moment, rng)) for _ in range(DRAWS)])


def _means(told: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in told])) for name in told[0]} if told else {}


def _p(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]], networks: Any) -> float:
    differences = np.array([a["treated"] - b["treated"] for a, b in zip(ours, theirs, strict=True)])
    of_each = np.array([differences[networks == one].mean() for one in np.unique(networks)])
    return float(wilcoxon(of_each, alternative="greater").pvalue) if of_each.any() else 1.0
