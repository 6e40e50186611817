"""Model-based search: a Gaussian process over the choices says where an improvement is to be expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any, ClassVar
from zlib import crc32

import numpy as np
from pydantic import Field

from archmend.search.coordinates import Coordinates, latin_design
from archmend.search.gaussian_process import Belief, Posterior, Weights, fit_weights
from archmend.search.limited import LimitedStrategy
from archmend.search.scores import normal_scores
from archmend.search.strategy import Settings
from archmend.search.threads import one_thread
from archmend.search.types import TrialResult
from archmend.search.warm_start import runs_of, usable
from archmend.spaces import Architecture, Space

_KEPT = 400
"""Results that the posterior is conditioned on: beyond, the better half and a draw of the rest."""
_FITTED = 100
"""The best of the results that the weights are fitted to: those are the ones to be told apart."""
_GROWTH = 1.2
"""The weights are fitted anew when there are so many times as many results."""
_STEPS = 20
_EARLIER = 100
"""Results of earlier runs that are looked at, the best and the worst."""
_BLOCK = 32
"""Asks that share the architectures drawn from the whole space."""
_NEIGHBOURS = 400
"""Of more neighbours than this as many are drawn."""
_NEAR = 32 << 20
"""Bytes of neighbours' points that are kept."""
_CLIMBS, _ROUNDS = 3, 2
"""From so many candidates the search goes on to their neighbours, so often."""
_MARGIN = 0.3
"""How much more than the best value shown the bolder asks want, in normal scores."""


@dataclass(frozen=True)
class _Pool:
    """Architectures to choose from, and their points, shape (architectures, coordinates)."""

    architectures: list[Architecture]
    points: np.ndarray


class SurrogateSettings(Settings):
    """Settings of the strategy.

    Attributes:
        initial: architectures of the first, space-filling design. drawn: candidates from the whole space,
            besides those near the best. around: best architectures whose neighbours are candidates.
    """

    initial: int = Field(6, ge=2, le=1000)
    drawn: int = Field(400, ge=1, le=10_000)
    around: int = Field(5, ge=1, le=100)


@dataclass(frozen=True)
class _Model:
    """What the results say.

    Attributes:
        posterior: of values. believed: the best value that it believes of what was told.
        shown: the best that was measured. running: points of what has no result yet, shape (n, coordinates).
        best: architectures to look around.
    """

    posterior: Posterior
    believed: float
    shown: float
    running: np.ndarray
    best: list[Architecture]


class Surrogate(LimitedStrategy):
    """Asks for the largest expected improvement under a Gaussian process (Jones, Schonlau, Welch 1998).

    The first asks are a Latin hypercube. Then all results, as normal scores of their ranks, condition a
    Gaussian process whose kernel has a weight for each step of each choice (automatic relevance
    determination, Neal 1996), found by maximum a posteriori. Candidates are the neighbours of the best
    architectures, draws from the whole space, and the neighbours of the most promising of these. Asks
    exceed in turns the best value that the model believes, and the best shown by a margin. Around an
    architecture that runs the improvement is penalised (local penalisation: Gonzalez, Dai, Hennig,
    Lawrence 2016), so several asks at once spread. Results of earlier runs (`prior`) are points of other
    tasks, each apart from this one by a coordinate whose weight is fitted, too: what does not transfer
    is far away (Bonilla, Chai, Williams 2007).
    """

    name: ClassVar[str] = "surrogate"
    Settings: ClassVar[type[Settings]] = SurrogateSettings
    settings: SurrogateSettings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Their import takes a second, which would otherwise be the first ask's.
        for module in ("scipy.linalg", "scipy.optimize", "scipy.special", "scipy.stats", "threadpoolctl"):
            import_module(module)
        self._coordinates = Coordinates(self.space)
        self._design = latin_design(self.space, self.settings.initial, np.random.default_rng(self.seed))
        self._tasks = _tasks(self.prior, self.space, self.objectives)
        # Every one below is found anew from the history where it is missing.
        self._fitted: tuple[object, Weights] | None = None
        self._far: tuple[int, _Pool] | None = None
        self._near: dict[Architecture, _Pool] = {}
        self._near_bytes = 0

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
        with one_thread():
            found = self._expected_best(told, number, before, seen)
        return found or self._drawn(number, seen)

    def _expected_best(
        self,
        told: Sequence[TrialResult],
        number: int,
        before: Mapping[int, Architecture],
        seen: set[Architecture],
    ) -> Architecture | None:
        model = self._model(told, number, before)
        # Every other ask has to beat what was measured, by a margin: where the first model is sure of the
        # wrong hill, and where training is noisy, the believed best alone keeps the search where it is.
        best = model.believed if number % 2 else model.shown + _MARGIN
        promising = _Promising(model.posterior, model.running, best)
        promising.look([*map(self._neighbours, model.best), self._from_afar(number)])
        return self._most_promising(promising, seen)

    def _model(self, told: Sequence[TrialResult], number: int, before: Mapping[int, Architecture]) -> _Model:
        weights = self._weights(told)
        kept = _kept(told, np.random.default_rng((self.seed, number, 1)))
        points, scores = self._told_points(kept)
        own = scores[: len(kept)]
        posterior = Posterior(weights, points, scores)
        running = self._points([a for i, a in before.items() if i not in self._results])
        believed = float(posterior.mean(points).max())
        shown = float(own.max()) if kept else believed
        # These scores are in the order that `best_first` has.
        best = [kept[i] for i in np.argsort(-own, kind="stable").tolist() if kept[i].value is not None]
        best += [ranked[0] for ranked in self._tasks]
        around = [r.architecture for r in best[: self.settings.around]]
        return _Model(posterior, believed, shown, running, around)

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

    def _most_promising(self, promising: _Promising, seen: set[Architecture]) -> Architecture | None:
        """Return the most promising of the pools and of the neighbours of their best."""
        climbed: set[Architecture] = set()
        for _ in range(_ROUNDS):
            top = [a for a in islice(promising.ranked(seen), _CLIMBS) if a not in climbed]
            climbed.update(top)
            promising.look(map(self._neighbours, top))
        return next(promising.ranked(seen), None)

    def _from_afar(self, number: int) -> _Pool:
        """Return draws from the whole space; asks in a row share them, for they cost more than the rest."""
        block = number // _BLOCK
        if self._far is None or self._far[0] != block:
            rng = np.random.default_rng((self.seed, block, 2))
            draws = (self.space.sample(rng) for _ in range(self.settings.drawn))
            self._far = block, self._pool(a for a in draws if self.fits(a))
        return self._far[1]

    def _drawn(self, number: int, seen: set[Architecture]) -> Architecture | None:
        return self.draw_unseen(np.random.default_rng((self.seed, number)), seen)

    def _neighbours(self, architecture: Architecture) -> _Pool:
        if architecture not in self._near:
            if self._near_bytes > _NEAR:
                self._near.clear()
                self._near_bytes = 0
            found = self._near[architecture] = self._pool(filter(self.fits, self._some_around(architecture)))
            self._near_bytes += found.points.nbytes
        return self._near[architecture]

    def _some_around(self, architecture: Architecture) -> list[Architecture]:
        """Return the neighbours, some of very many: the same ones whenever it is asked."""
        around = list(self.space.neighbours(architecture))
        if len(around) <= _NEIGHBOURS:
            return around
        rng = np.random.default_rng((self.seed, 3, crc32(str(architecture).encode())))
        return [around[i] for i in np.sort(rng.choice(len(around), _NEIGHBOURS, replace=False))]

    def _pool(self, architectures: Iterable[Architecture]) -> _Pool:
        listed = list(architectures)
        return _Pool(listed, self._points(listed))


class _Promising:
    """Candidates with by how much each is expected to exceed a value, less where something runs nearby."""

    def __init__(self, posterior: Posterior, running: np.ndarray, best: float) -> None:
        self._posterior, self._running, self._best = posterior, running, best
        self._architectures: list[Architecture] = []
        self._gains = np.empty(0)

    def look(self, pools: Iterable[_Pool]) -> None:
        """Take in candidates; those that are there already do no harm."""
        pools = [pool for pool in pools if pool.architectures]
        if pools:
            points = np.concatenate([pool.points for pool in pools])
            means, deviations = self._posterior.at(points)
            news = self._posterior.news(points, self._running)
            gains = news * expected_improvement(means, deviations, self._best)
            self._gains = np.concatenate([self._gains, gains])
            for pool in pools:
                self._architectures += pool.architectures

    def ranked(self, seen: Collection[Architecture]) -> Iterator[Architecture]:
        """Yield what is not seen yet, the largest gain first; of equal ones the earliest."""
        yielded: set[Architecture] = set()
        for place in np.argsort(-self._gains, kind="stable").tolist():
            architecture = self._architectures[place]
            if architecture not in seen and architecture not in yielded:
                yielded.add(architecture)
                yield architecture


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
