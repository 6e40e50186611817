"""What an architecture is worth where some were measured more than once.

A single measurement is the architecture's worth and the luck of one training. The best of many single
measurements is mostly lucky, too, so whoever picks it believes too much. Here each architecture's mean is
drawn towards what architectures of this search are worth, the more the fewer measurements it has: the
posterior mean under y_ij = m_i + e_ij with m_i ~ N(m, t^2) and e_ij ~ N(0, s^2), s^2 pooled from the repeats
(empirical Bayes, Morris, JASA 1983).
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
        centre: mean worth of an architecture. spread: standard deviation of the worths.
        noise: standard deviation of one measurement around the worth.
    """

    centre: float
    spread: float
    noise: float

    def posterior(self, mean: float, count: int) -> tuple[float, float]:
        """Return mean and standard deviation of a worth that was measured `count` times."""
        between, within = self.spread**2, self.noise**2 / count
        if between + within == 0:
            return mean, 0.0
        trust = between / (between + within)
        return self.centre + trust * (mean - self.centre), math.sqrt(trust * within)


def fit(groups: Sequence[Sequence[float]]) -> Model:
    """Fit the model by moments to the measurements of each architecture; without repeats the noise is 0."""
    means = np.array([np.mean(group) for group in groups])
    counts = np.array([len(group) for group in groups], dtype=float)
    freedom = float((counts - 1).sum())
    squares = sum(float(((np.asarray(g) - m) ** 2).sum()) for g, m in zip(groups, means, strict=True))
    noise = squares / freedom if freedom else 0.0
    means, counts = _usual(means, counts)
    if len(means) < 2:
        return Model(float(means.mean()), 0.0, math.sqrt(noise))
    # The unbalanced one-way analysis of variance; then the centre with each mean's own weight.
    total = counts.sum()
    among = float((counts * (means - (counts * means).sum() / total) ** 2).sum()) / (len(means) - 1)
    between = max(0.0, (among - noise) / ((total - (counts**2).sum() / total) / (len(means) - 1)))
    weights = counts if between == 0 else 1 / (between + noise / counts)
    return Model(float((weights * means).sum() / weights.sum()), math.sqrt(between), math.sqrt(noise))


def estimates(results: Iterable[TrialResult]) -> list[Estimate]:
    """Return an estimate for each measured architecture, the best first.

    Args:
        results: of one search; of several fidelities only the highest counts. Of several objectives the
            first is estimated, and decides; of equal ones the further objectives' estimates do.
    """
    groups: dict[Architecture, list[TrialResult]] = {}
    for result in sorted(comparable(results), key=lambda r: r.id):
        groups.setdefault(result.architecture, []).append(result)
    if not groups:
        return []
    values = [[all_of(r.value) for r in group] for group in groups.values()]
    models = [fit([[v[axis] for v in group] for group in values]) for axis in range(len(values[0][0]))]
    found: list[tuple[tuple[float, ...], Estimate]] = []
    for (architecture, group), measured in zip(groups.items(), values, strict=True):
        means = [float(np.mean([v[axis] for v in measured])) for axis in range(len(models))]
        posteriors = [m.posterior(mean, len(group)) for m, mean in zip(models, means, strict=True)]
        estimate = Estimate(architecture, tuple(r.id for r in group), means[0], *posteriors[0])
        found.append((tuple(-p for p, _ in posteriors) + tuple(-m for m in means), estimate))
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


def _usual(means: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out what lies far below the others: one that diverged would make all of them look far apart."""
    median = float(np.median(means))
    deviation = _TO_NORMAL * float(np.median(np.abs(means - median)))
    if deviation == 0:
        return means, counts
    kept = means >= median - _OUTLYING * deviation
    return means[kept], counts[kept]
