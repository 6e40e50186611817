"""What a finished search says of itself: what matters, how sure the winner is, what more would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archmend.search.comparable import comparable
from archmend.search.coordinates import Coordinates
from archmend.search.fitting import draw_within, fits
from archmend.search.gaussian_process import Belief, Posterior, fit_weights
from archmend.search.objectives import first_of
from archmend.search.pareto import best_of
from archmend.search.scores import rank_correlation
from archmend.search.types import Budget, TrialResult
from archmend.spaces import Architecture, Space

LEAST = 8
"""Measured trials below which nothing is said."""
_MOST = 300
_STEPS = 40
_DRAWN = 512
_CANDIDATES = 300
_SAMPLES = 500


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model of the trials says; by the first objective.

    Attributes:
        importance: share of the values' variance over the space that each choice makes by itself
            (first-order effects: Hutter, Hoos, Leyton-Brown 2014), 0 to 1, the largest first. What is
            missing from 1 in all is what choices make together.
        winner_is_best: probability that of all trials the winner's true value is the best.
        fit: rank correlation of values that are left out with the model's prediction of them, -1 to 1:
            how much the rest is worth.
        more: trials that the next figures are about.
        gain: expected improvement of the best true value by so many more trials, in the objective's
            units. gain_low, gain_high: a tenth and nine tenths of the distribution of it.
    """

    importance: Mapping[str, float]
    winner_is_best: float
    fit: float
    more: int
    gain: float
    gain_low: float
    gain_high: float


def explain(
    space: Space,
    results: Sequence[TrialResult],
    budget: Budget | None = None,
    *,
    more: int = 20,
    seed: int = 0,
) -> Explanation | None:
    """Fit a Gaussian process to the trials and ask it; None for fewer than 8 measured ones.

    Args:
        space: that was searched.
        results: of the search, in any order.
        budget: whose limits further trials would keep.
        more: how many further trials to look ahead.
        seed: of the draws.
    """
    measured = sorted(comparable(results), key=lambda r: r.id)
    winner = best_of(measured)
    if winner is None or len({r.architecture for r in measured}) < LEAST:
        return None
    rng = np.random.default_rng(seed)
    measured = _kept(measured, winner, rng)
    values = np.array([first_of(r.value) for r in measured if r.value is not None])
    scale = float(values.std()) or 1.0
    scaled = (values - values.mean()) / scale
    coordinates = Coordinates(space)
    points = coordinates.of([r.architecture for r in measured])
    weights = fit_weights(points, scaled, Belief(coordinates.choice), _STEPS)
    posterior = Posterior(weights, points, scaled)
    drawn = [space.sample(rng) for _ in range(_DRAWN)]
    new = _untried(space, budget or Budget(), winner, {r.architecture for r in measured}, rng)
    samples = posterior.samples(np.concatenate([points, coordinates.of(new)]), _SAMPLES, rng)
    old, further = samples[:, : len(measured)], samples[:, len(measured) :]
    place = next(i for i, r in enumerate(measured) if r.id == winner.id)
    gains = _gains(posterior, coordinates, new, old.max(axis=1), further, more) * scale
    return Explanation(
        _importance(space, drawn, posterior.mean(coordinates.of(drawn))),
        float((old.argmax(axis=1) == place).mean()),
        rank_correlation(posterior.left_out(scaled), scaled) or 0.0,
        more,
        float(gains.mean()),
        float(np.quantile(gains, 0.1)),
        float(np.quantile(gains, 0.9)),
    )


def _kept(measured: list[TrialResult], winner: TrialResult, rng: np.random.Generator) -> list[TrialResult]:
    if len(measured) <= _MOST:
        return measured
    chosen = {int(i) for i in rng.choice(len(measured), _MOST, replace=False)}
    return [r for i, r in enumerate(measured) if i in chosen or r.id == winner.id]


def _untried(
    space: Space, budget: Budget, winner: TrialResult, seen: set[Architecture], rng: np.random.Generator
) -> list[Architecture]:
    """Return architectures that the next trials might try: near the winner, and from everywhere."""
    near = [a for a in space.neighbours(winner.architecture) if a not in seen and fits(space, budget, a)]
    found = dict.fromkeys(near)
    while len(found) < _CANDIDATES:
        drawn = draw_within(space, budget, rng, lambda a: a not in seen and a not in found)
        if drawn is None:
            break
        found[drawn] = None
    return list(found)[: max(_CANDIDATES, len(near))]


def _importance(space: Space, drawn: Sequence[Architecture], predicted: np.ndarray) -> dict[str, float]:
    total = float(predicted.var()) or 1.0
    shares: dict[str, float] = {}
    for choice in space.laid_out:
        groups: dict[object, list[float]] = {}
        for architecture, value in zip(drawn, predicted.tolist(), strict=True):
            groups.setdefault(architecture.get(choice.name), []).append(value)
        means = np.array([np.mean(g) for g in groups.values()])
        sizes = np.array([len(g) for g in groups.values()])
        between = float((sizes * (means - predicted.mean()) ** 2).sum()) / len(predicted)
        # Groups of pure chance differ, too: by their number over the number of draws.
        chance = (len(groups) - 1) / len(predicted) * total
        shares[choice.name] = min(1.0, max(0.0, between - chance) / total)
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _gains(
    posterior: Posterior,
    coordinates: Coordinates,
    new: Sequence[Architecture],
    best: np.ndarray,
    further: np.ndarray,
    more: int,
) -> np.ndarray:
    """Return by how much the best true value grows, in each sample of what may be true, shape (samples,)."""
    if not new:
        return np.zeros(len(best))
    mean, deviation = posterior.at(coordinates.of(list(new)))
    # The trials that a search would take next: high in their optimistic value.
    tried = np.argsort(-(mean + deviation), kind="stable")[:more]
    return np.asarray(np.maximum(further[:, tried].max(axis=1) - best, 0.0))
