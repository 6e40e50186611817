"""What an architecture is worth where some were measured more than once.

A single measurement is the architecture's worth and the luck of one training. The best of many single
measurements is mostly lucky, too, so whoever picks it believes too much. Here each architecture's mean is
drawn towards what architectures of this search are worth, the more the fewer measurements it has: the
posterior mean under y_ij = m_i + e_ij with m_i ~ N(m, t^2) and e_ij ~ N(0, s^2), s^2 pooled from the repeats
(Morris, JASA 1983). Few architectures leave t open, and its most probable value is often 0, which would make
all of them equal for certain; so t is averaged over, with a half-Cauchy prior of scale s (Gelman, Bayesian
Analysis 2006).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from archmend.search.comparable import comparable
from archmend.search.objectives import all_of, first_of
from archmend.search.pareto import best_of
from archmend.search.types import TrialResult
from archmend.spaces import Architecture

_OUTLYING = 4.0
"""Scaled deviations below the median from which an architecture says nothing of the others: it diverged."""
_SPREADS = np.geomspace(0.01, 1000.0, 100)
"""How much worths may differ, in deviations of the noise."""
_TO_NORMAL = 1.4826
"""From the median absolute deviation of a normal distribution to its standard deviation."""


@dataclass(frozen=True)
class Estimate:
    """What is known of one architecture's worth in the first objective, larger being better.

    Attributes:
        architecture: which. trials: ids of its measurements, in their order. mean: of them.
        value: the posterior mean. error: its standard deviation.
    """

    architecture: Architecture
    trials: tuple[int, ...]
    mean: float
    value: float
    error: float


@dataclass(frozen=True)
class Model:
    """The normal model of one objective.

    Attributes:
        noise: standard deviation of one measurement around its architecture's worth.
        spreads: standard deviations of the worths that are averaged over, shape (spreads,).
        centres, errors: the mean worth under each, and its standard deviation.
        weights: probability of each; they sum to 1.
    """

    noise: float
    spreads: np.ndarray
    centres: np.ndarray
    errors: np.ndarray
    weights: np.ndarray

    @property
    def centre(self) -> float:
        """Mean worth of an architecture."""
        return float(self.weights @ self.centres)

    @property
    def spread(self) -> float:
        """Expected standard deviation of the worths."""
        return float(self.weights @ self.spreads)

    def posterior(self, mean: float, count: int) -> tuple[float, float]:
        """Return mean and standard deviation of a worth that was measured `count` times."""
        if self.noise == 0:
            return mean, 0.0
        within = self.noise**2 / count
        trust = self.spreads**2 / (self.spreads**2 + within)
        means = self.centres + trust * (mean - self.centres)
        variances = trust * within + ((1 - trust) * self.errors) ** 2
        value = float(self.weights @ means)
        return value, math.sqrt(float(self.weights @ (variances + (means - value) ** 2)))


def fit(groups: Sequence[Sequence[float]]) -> Model:
    """Fit the model to the measurements of each architecture; without repeats the noise is 0."""
    means = np.array([np.mean(group) for group in groups])
    counts = np.array([len(group) for group in groups], dtype=float)
    freedom = float((counts - 1).sum())
    squares = sum(float(((np.asarray(g) - m) ** 2).sum()) for g, m in zip(groups, means, strict=True))
    noise = squares / freedom if freedom else 0.0
    means, counts = _usual(means, counts)
    if noise == 0:
        one = np.ones(1)
        return Model(0.0, float(means.std()) * one, float(means.mean()) * one, 0.0 * one, one)
    # Of a single architecture nothing says what others are worth: its own mean is all there is.
    spreads = math.sqrt(noise) * (_SPREADS if len(means) > 1 else _SPREADS[-1:])
    precisions = 1 / (spreads[:, None] ** 2 + noise / counts)
    totals = precisions.sum(axis=1)
    centres = precisions @ means / totals
    squares = (precisions * (means - centres[:, None]) ** 2).sum(axis=1)
    likely = 0.5 * (np.log(precisions).sum(axis=1) - np.log(totals) - squares)
    # The grid is even in the logarithm, so the prior has the spread as a factor.
    likely += np.log(spreads) - np.log1p(spreads**2 / noise)
    weights = np.exp(likely - likely.max())
    return Model(math.sqrt(noise), spreads, centres, totals**-0.5, weights / weights.sum())


def measurements(results: Iterable[TrialResult]) -> dict[Architecture, list[TrialResult]]:
    """Return each architecture's measured results of the highest fidelity, in the order of their ids."""
    groups: dict[Architecture, list[TrialResult]] = {}
    for result in sorted(comparable(results), key=lambda r: r.id):
        groups.setdefault(result.architecture, []).append(result)
    return groups


def estimates(results: Iterable[TrialResult]) -> list[Estimate]:
    """Return an estimate for each measured architecture, the best first.

    Args:
        results: of one search; of several fidelities only the highest counts. Of several objectives the
            first is estimated, and decides; of equal ones its mean does, then the further objectives.
    """
    groups = measurements(results)
    if not groups:
        return []
    values = [[all_of(r.value) for r in group] for group in groups.values()]
    models = [fit([[v[axis] for v in group] for group in values]) for axis in range(len(values[0][0]))]
    found: list[tuple[tuple[float, ...], Estimate]] = []
    for (architecture, group), measured in zip(groups.items(), values, strict=True):
        means = [float(np.mean([v[axis] for v in measured])) for axis in range(len(models))]
        posteriors = [m.posterior(mean, len(group)) for m, mean in zip(models, means, strict=True)]
        estimate = Estimate(architecture, tuple(r.id for r in group), means[0], *posteriors[0])
        order = [-part for (value, _), mean in zip(posteriors, means, strict=True) for part in (value, mean)]
        found.append((tuple(order), estimate))
    return [estimate for _, estimate in sorted(found, key=lambda pair: (pair[0], pair[1].trials[0]))]


def incumbent(results: Iterable[TrialResult]) -> TrialResult | None:
    """Return the best trial: by posterior mean where an architecture was measured more than once.

    Of the best architecture's trials it is the one nearest to their mean, not the luckiest. Without repeats
    it is the front's trial with the best first objective.
    """
    measured = comparable(results)
    if len({r.architecture for r in measured}) == len(measured):
        return best_of(measured)
    best = estimates(measured)[0]
    own = [r for r in measured if r.id in best.trials]
    return min(own, key=lambda r: (abs(first_of(r.value) - best.mean), r.id))


def least_usual(values: np.ndarray) -> float:
    """Return the value below which one lies so far from the others that it diverged; larger being better."""
    median = float(np.median(values))
    deviation = _TO_NORMAL * float(np.median(np.abs(values - median)))
    return median - _OUTLYING * deviation if deviation > 0 else -math.inf


def _usual(means: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out what lies far below the others: one that diverged would make all of them look far apart."""
    kept = means >= least_usual(means)
    return means[kept], counts[kept]
