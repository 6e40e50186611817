"""Model-based search: a Gaussian process over the choices says where an improvement is to be expected."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.search.coordinates import Coordinates, latin_design
from archmend.search.gaussian_process import Belief, Posterior, Weights, fit_weights
from archmend.search.limited import LimitedStrategy
from archmend.search.ranking import best_first
from archmend.search.scores import normal_scores
from archmend.search.strategy import Settings
from archmend.search.types import TrialResult
from archmend.search.warm_start import runs_of, usable
from archmend.spaces import Architecture, Space

_KEPT = 400
"""Results that the posterior is conditioned on: beyond, the better half and a draw of the rest."""
_FITTED = 150
"""The best of the results that the weights are fitted to: those are the ones to be told apart."""
_GROWTH = 1.06
"""The weights are fitted anew when there are so many times as many results."""
_STEPS = 30
_EARLIER = 100
"""Results of earlier runs that are looked at, the best and the worst."""
_BLOCK = 16
"""Asks that share the architectures drawn from the whole space."""
_NEIGHBOURHOODS = 500
_CLIMBS, _ROUNDS = 3, 2
"""From so many candidates the search goes on to their neighbours, so often."""
_MARGIN = 0.3
"""How much more than the best value shown the bolder asks want, in normal scores."""


Points = Callable[[Sequence[Architecture]], np.ndarray]
"""From architectures to their points, shape (architectures, coordinates)."""


class SurrogateSettings(Settings):
    """Settings of the strategy.

    Attributes:
        initial: architectures of the first, space-filling design. drawn: candidates from the whole space,
            besides those near the best. around: best architectures whose neighbours are candidates.
    """

    initial: int = Field(6, ge=2, le=1000)
    drawn: int = Field(400, ge=1, le=10_000)
    around: int = Field(5, ge=1, le=100)


class Surrogate(LimitedStrategy):
    """Asks for the largest expected improvement under a Gaussian process (Jones, Schonlau, Welch 1998).

    The first asks are a Latin hypercube. Then all results, as normal scores of their ranks, condition a
    Gaussian process whose kernel has a weight for each step of each choice (automatic relevance
    determination, Neal 1996), found by maximum a posteriori. Candidates are the neighbours of the best
    architectures, draws from the whole space, and the neighbours of the most promising of these. An
    architecture that runs counts as turning out as expected (kriging believer: Ginsbourger, Le Riche,
    Carraro 2010), so several asks at once spread. Results of earlier runs (`prior`) are points of other
    tasks, each apart from this one by a coordinate whose weight is fitted, too: what does not transfer
    is far away (Bonilla, Chai, Williams 2007).
    """

    name: ClassVar[str] = "surrogate"
    Settings: ClassVar[type[Settings]] = SurrogateSettings
    settings: SurrogateSettings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._coordinates = Coordinates(self.space)
        self._design = latin_design(self.space, self.settings.initial, np.random.default_rng(self.seed))
        self._tasks = _tasks(self.prior, self.space, self.objectives)
        # Every one below is found anew from the history where it is missing.
        self._fitted: tuple[object, Weights] | None = None
        self._far: tuple[int, list[Architecture]] | None = None
        self._near: dict[Architecture, list[Architecture]] = {}

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return the candidate with the largest expected improvement; see the class."""
        seen = set(before.values())
        if number < len(self._design) and not (self._tasks and number % 2 == 0):
            designed = self._design[number]
            if designed not in seen and self.fits(designed):
                return designed
        told = [r for r in self.history if r.id < number and r.status != "rejected"]
        if sum(r.value is not None for r in told) < 2 and not self._tasks:
            return self._drawn(number, seen)
        promising = _Promising(*self._model(number, told, before), self._points)
        near = [a for architecture in self._best(told) for a in self._neighbours(architecture)]
        promising.look(a for a in (*near, *self._from_afar(number)) if a not in seen)
        climbed: set[Architecture] = set()
        for _ in range(_ROUNDS):
            top = [a for a in promising.first(_CLIMBS) if a not in climbed]
            climbed.update(top)
            promising.look(b for a in top for b in self._neighbours(a) if b not in seen)
        return next(iter(promising.first(1)), None) or self._drawn(number, seen)

    def importance(self) -> dict[str, float]:
        """Return the weight of each choice, as shares of 1: how much the model's values change with it.

        Empty before there are two results.
        """
        told = [r for r in self.history if r.status != "rejected"]
        if sum(r.value is not None for r in told) < 2:
            return {}
        weights = self._weights(told).coordinates[: len(self._coordinates.choice)]
        points = self._coordinates.of([r.architecture for r in told])
        spread = np.bincount(self._coordinates.choice, weights=weights * points.var(axis=0))
        total = float(spread.sum()) or 1.0
        return {name: float(s) / total for name, s in zip(self._coordinates.names, spread, strict=True)}

    def _model(
        self, number: int, told: Sequence[TrialResult], before: Mapping[int, Architecture]
    ) -> tuple[Posterior, float]:
        weights = self._weights(told)
        kept = _kept(told, np.random.default_rng((self.seed, number, 1)))
        points, scores = self._told_points(kept)
        posterior = Posterior(weights, points, scores)
        running = [a for i, a in before.items() if i not in self._results]
        if running:
            expected = self._points(running)
            points, scores = (
                np.concatenate([points, expected]),
                np.concatenate([scores, posterior.mean(expected)]),
            )
            posterior = Posterior(weights, points, scores)
        believed = float(posterior.mean(points).max())
        shown = float(scores[: len(kept)].max()) if kept else believed
        # Every other ask has to beat what was measured, by a margin: where the first model is sure of the
        # wrong hill, and where training is noisy, the believed best alone keeps the search where it is.
        best = believed if number % 2 else shown + _MARGIN
        return posterior, best

    def _weights(self, told: Sequence[TrialResult]) -> Weights:
        """Return the weights that fit the first results: so many of them that not each ask is a new fit."""
        first = told[: _level(len(told))]
        key = tuple((r.id, r.value) for r in first)
        if self._fitted is None or self._fitted[0] != key:
            points, scores = self._told_points(first)
            own = np.sort(np.argsort(-scores[: len(first)], kind="stable")[:_FITTED])
            chosen = np.concatenate([own, np.arange(len(first), len(scores))])
            group = np.concatenate(
                [self._coordinates.choice, self._coordinates.choice.max() + 1 + np.arange(len(self._tasks))]
            )
            self._fitted = key, fit_weights(points[chosen], scores[chosen], Belief(group), _STEPS)
        return self._fitted[1]

    def _told_points(self, told: Sequence[TrialResult]) -> tuple[np.ndarray, np.ndarray]:
        """Return points and scores of these results and of those of earlier runs."""
        points, scores = [self._points([r.architecture for r in told])], [normal_scores(told)]
        for place, results in enumerate(self._tasks):
            others = self._points([r.architecture for r in results])
            others[:, len(self._coordinates.choice) + place] = 1.0
            points.append(others)
            scores.append(normal_scores(results))
        return np.concatenate(points), np.concatenate(scores)

    def _points(self, architectures: Sequence[Architecture]) -> np.ndarray:
        points = self._coordinates.of(architectures)
        return np.concatenate([points, np.zeros((len(points), len(self._tasks)))], axis=1)

    def _best(self, told: Sequence[TrialResult]) -> list[Architecture]:
        ranked = [r.architecture for r in best_first(told)]
        for results in self._tasks:
            ranked += [r.architecture for r in best_first(results)[:1]]
        return ranked[: self.settings.around]

    def _from_afar(self, number: int) -> list[Architecture]:
        """Return draws from the whole space; asks in a row share them, for they cost more than the rest."""
        block = number // _BLOCK
        if self._far is None or self._far[0] != block:
            rng = np.random.default_rng((self.seed, block, 2))
            draws = (self.space.sample(rng) for _ in range(self.settings.drawn))
            self._far = block, [a for a in draws if self.fits(a)]
        return self._far[1]

    def _drawn(self, number: int, seen: set[Architecture]) -> Architecture | None:
        return self.draw_unseen(np.random.default_rng((self.seed, number)), seen)

    def _neighbours(self, architecture: Architecture) -> list[Architecture]:
        if architecture not in self._near:
            if len(self._near) >= _NEIGHBOURHOODS:
                self._near.clear()
            self._near[architecture] = list(filter(self.fits, self.space.neighbours(architecture)))
        return self._near[architecture]


class _Promising:
    """Candidates with what each is expected to gain."""

    def __init__(self, posterior: Posterior, best: float, points: Points) -> None:
        self._posterior, self._best, self._points = posterior, best, points
        self._gains: dict[Architecture, float] = {}

    def look(self, pool: Iterable[Architecture]) -> None:
        """Take in candidates."""
        new = [a for a in dict.fromkeys(pool) if a not in self._gains]
        if new:
            gains = expected_improvement(*self._posterior.at(self._points(new)), self._best)
            self._gains.update(zip(new, gains.tolist(), strict=True))

    def first(self, count: int) -> list[Architecture]:
        """Return the most promising ones; of equal ones those that came first."""
        return heapq.nlargest(count, self._gains, key=self._gains.__getitem__)


def expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """Return by how much values of these normal distributions are expected to exceed `best`, shape (n,)."""
    from scipy.special import ndtr

    z = (mean - best) / deviation
    return np.asarray(deviation * (z * ndtr(z) + np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)))


def _kept(told: Sequence[TrialResult], rng: np.random.Generator) -> list[TrialResult]:
    """Return the better half of what can be kept and a draw of the rest, in the order of the ids."""
    if len(told) <= _KEPT:
        return list(told)
    order = np.argsort(-normal_scores(told), kind="stable")
    half = _KEPT // 2
    return [
        told[i]
        for i in np.sort(np.concatenate([order[:half], rng.choice(order[half:], half, replace=False)]))
    ]


def _level(count: int) -> int:
    level = 2
    while (following := max(level + 1, int(level * _GROWTH))) <= count:
        level = following
    return min(level, count)


def _tasks(prior: Sequence[TrialResult], space: Space, objectives: Sequence[str]) -> list[list[TrialResult]]:
    """Return the usable results of each earlier run, the best and the worst of many."""
    found = []
    for run in runs_of(prior):
        ranked = usable(run, space, objectives)
        half = _EARLIER // 2
        if len(ranked) > _EARLIER:
            ranked = ranked[:half] + ranked[-half:]
        if len(ranked) > 1:
            found.append(ranked)
    return found
