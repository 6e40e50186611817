"""What a finished search says of itself: what matters, how sure the winner is, what more would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archmend.search.coordinates import Coordinates
from archmend.search.fitting import draw_within, fits
from archmend.search.gaussian_process import Belief, Posterior, fit_weights
from archmend.search.objectives import first_of
from archmend.search.repeats import incumbent, least_usual, measurements
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
            missing from 1 in all is what choices make together. That a choice is there at all is an
            effect of the one that it hangs on.
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
    best: Architecture | None = None,
    more: int = 20,
    seed: int = 0,
) -> Explanation | None:
    """Fit a Gaussian process to the trials and ask it; None for fewer than 8 measured ones.

    An architecture that was measured more than once has the mean of its values. One far below the others
    (it diverged) counts as just so far below that it is unusual: its distance says nothing of the rest.

    Args:
        space: that was searched.
        results: of the search and of fresh trainings of its best, in any order.
        budget: whose limits further trials would keep.
        best: the winner; None for the incumbent of the results.
        more: how many further trials to look ahead.
        seed: of the draws.
    """
    groups = measurements(results)
    values_of = {a: float(np.mean([first_of(r.value) for r in group])) for a, group in groups.items()}
    found = incumbent(results) if best is None else None
    winner = best if found is None else found.architecture
    if winner not in values_of or len(values_of) < LEAST:
        return None
    rng = np.random.default_rng(seed)
    tried = _kept(list(values_of), winner, rng)
    values = np.array([values_of[a] for a in tried])
    values = np.maximum(values, least_usual(values))
    scale = float(values.std()) or 1.0
    scaled = (values - values.mean()) / scale
    coordinates = Coordinates(space)
    points = coordinates.of(tried)
    weights = fit_weights(points, scaled, Belief(coordinates.choice), _STEPS)
    posterior = Posterior(weights, points, scaled)
    drawn = [space.sample(rng) for _ in range(_DRAWN)]
    new = _untried(space, budget or Budget(), winner, set(values_of), rng)
    samples = posterior.samples(np.concatenate([points, coordinates.of(new)]), _SAMPLES, rng)
    old, further = samples[:, : len(tried)], samples[:, len(tried) :]
    gains = _gains(posterior, coordinates, new, old.max(axis=1), further, more) * scale
    return Explanation(
        _importance(space, drawn, posterior.mean(coordinates.of(drawn))),
        float((old.argmax(axis=1) == tried.index(winner)).mean()),
        rank_correlation(posterior.left_out(scaled), scaled) or 0.0,
        more,
        float(gains.mean()),
        float(np.quantile(gains, 0.1)),
        float(np.quantile(gains, 0.9)),
    )


def _kept(tried: list[Architecture], winner: Architecture, rng: np.random.Generator) -> list[Architecture]:
    if len(tried) <= _MOST:
        return tried
    chosen = {int(i) for i in rng.choice(len(tried), _MOST, replace=False)}
    return [a for i, a in enumerate(tried) if i in chosen or a == winner]


def _untried(
    space: Space, budget: Budget, winner: Architecture, seen: set[Architecture], rng: np.random.Generator
) -> list[Architecture]:
    """Return architectures that the next trials might try: near the winner, and from everywhere."""
    near = [a for a in space.neighbours(winner) if a not in seen and fits(space, budget, a)]
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
        # Values it takes by chance where it is there; where it is not, its parents decide about that.
        groups: dict[object, list[float]] = {}
        for architecture, value in zip(drawn, predicted.tolist(), strict=True):
            if choice.name in architecture:
                groups.setdefault(architecture[choice.name], []).append(value)
        if not groups:
            shares[choice.name] = 0.0
            continue
        there = np.concatenate(list(groups.values()))
        means = np.array([np.mean(g) for g in groups.values()])
        sizes = np.array([len(g) for g in groups.values()])
        between = float((sizes * (means - there.mean()) ** 2).sum())
        # Groups of pure chance differ, too: by their number less one, times the variance.
        chance = (len(groups) - 1) * float(there.var())
        shares[choice.name] = min(1.0, max(0.0, between - chance) / len(predicted) / total)
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
