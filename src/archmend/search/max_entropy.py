"""Search that trains nothing to choose: the most entropy within the limits comes first."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.errors import BadInput
from archmend.search.entropy import calibration_for, is_effective, score
from archmend.search.fitting import draw_within, fits
from archmend.search.limited import LimitedStrategy
from archmend.search.strategy import Settings as BaseSettings
from archmend.search.types import Budget
from archmend.spaces import Architecture, Choice, Space
from archmend.spaces.layers import describe

_CANDIDATES = 64
_DRAWS = 64
_STEPS = 200
_WIDE = 2000

_Key = tuple[bool, float, tuple[int, ...], str]


class MaxEntropy(LimitedStrategy):
    """Proposes architectures by their calibrated entropy, the highest within the limits first.

    After DeepMAD (Shen et al., CVPR 2023), by the score of `archmend.search.entropy`; what trials come to
    changes nothing. The ranking is a best-first search by single changes, which begins at the best that hill
    climbing from several draws reaches: each proposal is the best of all neighbours of those before it. In a
    space without an end and without a limit of cost nothing larger is proposed than the space itself draws.

    Where a space does not say what networks its architectures are, the entropy is the experiment's: of some
    draws the one is proposed that lies farthest from everything asked before. To such designs comes maximum
    entropy sampling (Shewry and Wynn, J. Applied Statistics 1987) where only near points are alike (Johnson,
    Moore and Ylvisaker, J. Statistical Planning and Inference 1990).
    """

    name: ClassVar[str] = "max_entropy"

    class Settings(BaseSettings):
        """Settings of the ranking.

        Attributes:
            starts: hill climbs, from the best of some draws.
        """

        starts: int = Field(default=4, ge=1, le=64)

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ranking: Iterable[Architecture] = ()
        self._is_scored = describe(self.space, self.space.example()) is not None
        if self._is_scored:
            self._ranking = _Ranking(self.space, self.budget, self.seed, self.settings.starts)
        self._tried = {result.architecture for result in self.prior}
        self._places: dict[Architecture, np.ndarray] = {}

    @property
    def learns(self) -> bool:
        """It does not look at results."""
        return False

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return the first of the ranking that neither an id before nor an earlier run has."""
        seen = self._tried.union(before.values())
        found = next((a for a in self._ranking if a not in seen), None)
        if found is not None:
            return found
        rng = np.random.default_rng((self.seed, number))
        if not self._is_scored and (pool := self._drawn(seen, rng)):
            return pool[0] if not seen else self._farthest(pool, seen)
        # Also what of a scored space no chain of changes within the limits leads to.
        return self.draw_unseen(rng, seen)

    def _drawn(self, seen: Collection[Architecture], rng: np.random.Generator) -> list[Architecture]:
        drawn = dict.fromkeys(self.space.sample(rng) for _ in range(_CANDIDATES))
        return [a for a in drawn if a not in seen and self.fits(a)]

    def _farthest(self, pool: list[Architecture], seen: Collection[Architecture]) -> Architecture:
        asked, candidates = self._placed(seen), self._placed(pool)
        squares = (candidates**2).sum(axis=1)[:, None] + (asked**2).sum(axis=1) - 2 * candidates @ asked.T
        return pool[int(squares.min(axis=1).argmax())]

    def _placed(self, architectures: Collection[Architecture]) -> np.ndarray:
        for architecture in architectures:
            if architecture not in self._places:
                self._places[architecture] = self.space.encode(architecture)
        return np.array([self._places[architecture] for architecture in architectures])


class _Ranking:
    """The order of proposals: a function of space, budget and seed, made as far as somebody reads it."""

    def __init__(self, space: Space, budget: Budget, seed: int, starts: int) -> None:
        self._space, self._budget, self._starts = space, budget, starts
        self._rng = np.random.default_rng(seed)
        self._calibration = calibration_for(space)
        single = (item for item in space.choices if isinstance(item, Choice) and not item.is_open)
        self._levels = {choice.name: choice.levels for choice in single}
        self._order: list[Architecture] = []
        self._edge: list[tuple[_Key, Architecture]] = []
        self._reached: set[Architecture] = set()
        self._expanded = 0

    def __iter__(self) -> Iterator[Architecture]:
        for place in count():
            if place == len(self._order) and not self._extend():
                return
            yield self._order[place]

    def _extend(self) -> bool:
        """Add the best of the edge, whose neighbours become edge; return False where nothing is left."""
        if not self._order:
            self._begin()
        if not self._edge:
            return False
        self._order.append(heapq.heappop(self._edge)[1])
        # A wide edge has better ones than the neighbours of the last would be; they wait for their turn.
        while len(self._edge) < _WIDE and self._expanded < len(self._order):
            self._reach(self._space.neighbours(self._order[self._expanded]))
            self._expanded += 1
        return True

    def _begin(self) -> None:
        sized = (self._budget.params, self._budget.flops) != (None, None)
        if not self._space.is_finite and not sized:
            # A limit of latency may not say how large a network can be.
            self._budget = replace(self._budget, params=_most_drawn(self._space, self._rng))
        drawn = (draw_within(self._space, self._budget, self._rng, lambda a: True) for _ in range(_DRAWS))
        keyed = {self._key(a): a for a in drawn if a is not None}
        self._reach(self._climbed(key, keyed[key]) for key in sorted(keyed)[: self._starts])

    def _climbed(self, key: _Key, here: Architecture) -> Architecture:
        for _ in range(_STEPS):
            around = (a for a in self._space.neighbours(here) if fits(self._space, self._budget, a))
            nearest = min(((self._key(a), a) for a in around), default=None)
            if nearest is None or nearest[0] >= key:
                break
            key, here = nearest
        return here

    def _reach(self, architectures: Iterable[Architecture]) -> None:
        for architecture in architectures:
            if architecture not in self._reached:
                self._reached.add(architecture)
                if fits(self._space, self._budget, architecture):
                    heapq.heappush(self._edge, (self._key(architecture), architecture))

    def _key(self, architecture: Architecture) -> _Key:
        """Return what sorts the best first: within the bound, by score; then as the space lists values."""
        network = describe(self._space, architecture)
        assert network is not None
        listed = tuple(levels[architecture[n]] for n, levels in self._levels.items() if n in architecture)
        over = not is_effective(network, self._calibration)
        return over, -score(network, self._calibration), listed, str(architecture)


def _most_drawn(space: Space, rng: np.random.Generator) -> int:
    """Return the parameters of the largest of some draws."""
    costs = [space.cost(space.sample(rng)) for _ in range(_DRAWS)]
    if any("params" not in cost for cost in costs):
        raise BadInput(
            f"space {space.name!r} has no end and its cost gives no params, so that entropy has no largest "
            "value in it; give it a cost function, or take another strategy"
        )
    return int(max(cost["params"] for cost in costs))
