"""NSGA-II: a population spreads along the Pareto front of several objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.search.limited import LimitedStrategy
from archmend.search.ranking import best_first
from archmend.search.strategy import Settings as BaseSettings
from archmend.search.types import TrialResult
from archmend.spaces import Architecture


class Nsga2(LimitedStrategy):
    """Breeds each generation from the best of the ones before it, by front and then by crowding.

    Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
    Transactions on Evolutionary Computation 6 (2002). A generation is `population` ids in a row. Its parents
    are the survivors of all that is known of earlier ids: the survivors before, joined with the last whole
    generation, of which the best `population` live on, however old. Of two that meet in a tournament the one
    in the better front wins, within a front the less crowded one. A child that is over a limit or was asked
    before is bred again. With one objective it is a plain genetic algorithm.
    """

    name: ClassVar[str] = "nsga2"

    class Settings(BaseSettings):
        """Settings of NSGA-II.

        Attributes:
            population: how many make a generation, and survive. The first are random draws, half of them at
                most earlier runs' best.
            crossover: share of the children that have two parents.
            mutations: changes of one choice that a child has on average.
        """

        population: int = Field(default=20, ge=2)
        crossover: float = Field(default=0.9, ge=0, le=1)
        mutations: float = Field(default=1.0, ge=0, le=100)

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known_survivors: list[tuple[list[TrialResult], list[TrialResult]]] = []

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return one of the first population, or an unseen child within the limits."""
        rng = np.random.default_rng((self.seed, number))
        seen = set(before.values())
        generation = number // self.settings.population
        parents = self._survivors(generation, number)
        if not parents:
            return self.draw_first(number, self.settings.population, rng, seen)
        return self.breed_unseen(lambda further: self._child(parents, further, rng), rng, seen)

    def _survivors(self, generation: int, number: int) -> list[TrialResult]:
        """Return the parents of a generation, the best first; none before the second one.

        What each generation left is kept for the next asks, together with the results it was made of.
        """
        size = self.settings.population
        living: list[TrialResult] = []
        born: list[list[TrialResult]] = [[] for _ in range(generation)]
        for result in self.measured_before(number):
            if result.id < generation * size:
                born[result.id // size].append(result)
        for place, children in enumerate(born):
            known = self._known_survivors[place] if place < len(self._known_survivors) else None
            if known is not None and known[0] == children:
                living = known[1]
                continue
            living = best_first([*living, *children])[:size]
            self._known_survivors[place:] = [(children, living)]
        return living

    def _child(self, parents: Sequence[TrialResult], more: int, rng: np.random.Generator) -> Architecture:
        child = _winner(parents, rng)
        if rng.random() < self.settings.crossover:
            child = self.space.crossover(child, _winner(parents, rng), rng)
        for _ in range(int(rng.poisson(self.settings.mutations)) + more):
            child = self.space.mutate(child, rng)
        return child


def _winner(ranked: Sequence[TrialResult], rng: np.random.Generator) -> Architecture:
    return ranked[int(rng.integers(len(ranked), size=2).min())].architecture
