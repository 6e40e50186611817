"""Draws from the architectures within cost limits, where so few fit that plain draws do not find them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property, lru_cache

import numpy as np

from archmend.search.types import Budget
from archmend.spaces import Architecture, Choice, OpenIntegers, Scalar, Space, every_choice
from archmend.spaces.choice import Partial

PARTICLES = 400
LISTED = 10_000
"""Architectures of a space that is listed rather than explored, where few of it fit."""
_PILOT = 64
_RARE = 1 / 20
_KEPT = 0.25
_MOVES = 6
_SETTLING = 12
_APART = 12
_STEPS = 30
_PATIENCE = 3
_DESCENDED = 8
_DESCENTS = 3
_LEVELS = 4
"""Up to so many different costs over the limits among the first draws, none of them leads anywhere."""
PLAIN = 50_000
"""Plain draws for those that fit where costs lead nowhere: finds one in 10,000 with a probability of 0.99."""
_BLOCK = 64
"""Found ones that end these draws for now."""

Costed = tuple[Architecture, float]
"""An architecture and how far it is over the limits, see `Budget.overrun`."""


class Feasible:
    """The part of a space within cost limits, drawn from as the space itself is: as it draws, if that fits.

    Costs are asked for and nothing is supposed of them. Where plain draws hardly ever fit, a small space is
    listed, and its draws are exact. In a large one a population of draws is led to the limits level by level
    (subset simulation, Au and Beck, Probabilistic Engineering Mechanics 2001): the nearest quarter to the
    limits is kept, copied, and moved about by a Markov chain that leaves the space's own distribution as it
    is and never goes back over the level. Each draw then goes on from one of the population by the same
    chain. One in ten million is 12 levels away.

    A step of the chain draws each choice anew with one probability, which is drawn itself; what becomes
    active is drawn, too. Forth and back are equally likely under the space's distribution, so that every
    step within the limits is taken, whichever choices are active (Wingate et al., AISTATS 2011).

    Attributes:
        rare: whether plain draws hardly ever fit.
        flat: whether they are rare and the others' costs lead nowhere, as far as known: they have few levels,
            or following them down from several places ended at several.
        nearest: what is nearest to the limits, or within them, of all that was seen.
    """

    def __init__(self, space: Space, budget: Budget, *, listed: int = LISTED) -> None:
        """Look at a few draws; the rest is made where somebody asks for it.

        Args:
            space: to draw from.
            budget: with the limits.
            listed: up to this size a space is listed.
        """
        self._space, self._budget, self._lists = space, budget, space.size <= listed
        # Always the same draws, so that what a strategy asks never depends on who came before it.
        self._rng = np.random.default_rng(0)
        pilot = [self._costed(space.sample(self._rng)) for _ in range(_PILOT)]
        self.rare = sum(over <= 1 for _, over in pilot) < _RARE * _PILOT
        self.flat = self.rare and len({over for _, over in pilot if over > 1}) <= _LEVELS
        self.nearest = min(pilot, key=_over)
        self._blocks: list[list[Architecture]] = []
        choices = max(1.0, sum(len(architecture) for architecture, _ in pilot) / _PILOT)
        # From half of the choices to about half of one: large steps for the start, small ones at the limits.
        self._shares = [0.5**power for power in range(1, 2 + max(1, math.ceil(math.log2(choices))))]

    @cached_property
    def empty(self) -> bool:
        """Whether nothing that fits was found; in a space that is listed, there is nothing."""
        return self.nearest[1] > 1 and not self.population

    @cached_property
    def population(self) -> list[Architecture]:
        """Architectures within the limits: all of a space that is listed, else some, also several times."""
        if self._lists:
            return list(self._listed)
        led = [architecture for architecture, _ in self._led_to_the_limits()]
        if not led:
            self.flat = self.flat or self._leads_apart()
        return led or (self._plainly_drawn(0) if self.flat else [])

    def draws(self, rng: np.random.Generator) -> Iterator[Architecture]:
        """Yield random architectures within the limits, without an end; none if none was found."""
        if self._lists:
            yield from self._drawn_from_the_list(rng)
        population = () if self._lists else self.population
        while population:
            here = (population[int(rng.integers(len(population)))], 0.0)
            for step in range(_APART + _STEPS):
                here = self._moved(here, 1.0, rng)
                if step >= _APART:
                    yield here[0]

    def plain_draws(self, rng: np.random.Generator) -> Iterator[Architecture]:
        """Yield what fits of plain draws, none twice, where costs lead nowhere; else nothing.

        They are dear where few fit, so that those once found are kept, and new ones drawn when all of these
        have been yielded.
        """
        block = 0
        while self.flat and (drawn := self._plainly_drawn(block)):
            for place in rng.permutation(len(drawn)):
                yield drawn[place]
            block += 1

    @cached_property
    def _listed(self) -> dict[Architecture, float]:
        """All that fits, with its probability among the space's draws."""
        listed = ((choice.name, choice.values) for choice in every_choice(self._space))
        sizes = {name: len(values) for name, values in listed if not isinstance(values, OpenIntegers)}
        costed = [self._costed(architecture) for architecture in self._space]
        self._note(costed)
        return {a: 1 / math.prod(map(sizes.__getitem__, a)) for a, over in costed if over <= 1}

    def _drawn_from_the_list(self, rng: np.random.Generator) -> Iterator[Architecture]:
        summed = np.cumsum(list(self._listed.values()))
        while summed.size:
            place = np.searchsorted(summed, rng.random() * summed[-1], side="right")
            yield self.population[min(int(place), summed.size - 1)]

    def _led_to_the_limits(self) -> list[Costed]:
        rng, space = self._rng, self._space
        population = [self._costed(space.sample(rng)) for _ in range(PARTICLES)]
        level, stuck = np.inf, 0
        while level > 1:
            ordered = sorted(over for _, over in population)
            reached = max(1.0, ordered[int(_KEPT * PARTICLES)])
            if reached >= level:
                # As costs come in steps, many can stand on the level itself; what is below it is kept then.
                reached = max(1.0, max((over for over in ordered if over < level), default=level))
            kept = [costed for costed in population if costed[1] <= reached]
            stuck = stuck + 1 if reached == level or not kept else 0
            if stuck > _PATIENCE:
                return self._found_by_descent(population)
            if kept:
                level = reached
                population = _copied(kept, PARTICLES, rng)
            population = [self._moved_often(costed, level, _MOVES, rng) for costed in population]
            self._note(population)
        return [self._moved_often(costed, 1.0, _SETTLING, rng) for costed in population]

    def _found_by_descent(self, population: list[Costed]) -> list[Costed]:
        """Go down from the nearest ones by single changes, where the population got no nearer."""
        nearest = sorted(dict(population).items(), key=lambda costed: costed[1])[:_DESCENDED]
        lowest = [self._descended(costed) for costed in nearest]
        self._note(lowest)
        return [costed for costed in lowest if costed[1] <= 1]

    def _plainly_drawn(self, block: int) -> list[Architecture]:
        """Return what fits of many plain draws and is in no block before: nothing, where no more is found."""
        while len(self._blocks) <= block:
            known = {architecture for before in self._blocks for architecture in before}
            new: dict[Architecture, None] = {}
            # A generator of its own, so that a block is the same whenever it is drawn.
            rng = np.random.default_rng([1, len(self._blocks)])
            for _ in range(PLAIN):
                costed = self._costed(self._space.sample(rng))
                if costed[1] <= 1 and costed[0] not in known:
                    new[costed[0]] = None
                    self._note([costed])
                if len(new) == _BLOCK:
                    break
            self._blocks.append(list(new))
        return self._blocks[block]

    def _leads_apart(self) -> bool:
        """Whether ways down from random places end at different costs, which then say little of the way."""
        starts = [self._costed(self._space.sample(self._rng)) for _ in range(_DESCENTS)]
        return len({self._descended(start)[1] for start in starts}) > 1

    def _descended(self, here: Costed) -> Costed:
        while here[1] > 1:
            lowest = min(map(self._costed, self._space.neighbours(here[0])), key=_over, default=here)
            if lowest[1] >= here[1]:
                break
            here = lowest
        return here

    def _note(self, population: list[Costed]) -> None:
        self.nearest = min([self.nearest, *population], key=_over)

    def _moved_often(self, here: Costed, level: float, times: int, rng: np.random.Generator) -> Costed:
        for _ in range(times):
            here = self._moved(here, level, rng)
        return here

    def _moved(self, here: Costed, level: float, rng: np.random.Generator) -> Costed:
        other = _redrawn(self._space, here[0], self._shares[int(rng.integers(len(self._shares)))], rng)
        if other == here[0]:
            return here
        costed = self._costed(other)
        return costed if costed[1] <= level else here

    def _costed(self, architecture: Architecture) -> Costed:
        return architecture, self._budget.overrun(self._space.cost(architecture))


def feasible(space: Space, budget: Budget) -> Feasible:
    """Return what of the space is within the limits; the same object for the same space and limits."""
    return _feasible(space, budget.params, budget.flops, budget.latency_ms)


@lru_cache(maxsize=16)
def _feasible(space: Space, params: int | None, flops: int | None, latency_ms: float | None) -> Feasible:
    return Feasible(space, Budget(params=params, flops=flops, latency_ms=latency_ms))


def _redrawn(space: Space, known: Architecture, share: float, rng: np.random.Generator) -> Architecture:
    def decide(choice: Choice, _: Partial) -> Scalar:
        if choice.name not in known or rng.random() < share:
            return choice.draw(rng)
        return known[choice.name]

    return space.make(decide)


def _over(costed: Costed) -> float:
    return costed[1]


def _copied(kept: list[Costed], count: int, rng: np.random.Generator) -> list[Costed]:
    """Return `count` copies in all, of each as many as of any other or one more: so that none dies out."""
    order = rng.permutation(len(kept))
    return [kept[order[i % len(kept)]] for i in range(count)]
