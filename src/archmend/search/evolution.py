"""Regularised evolution: children of the young and fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from archmend.search.limited import LimitedStrategy
from archmend.search.ranking import best_first
from archmend.search.strategy import Settings as BaseSettings
from archmend.search.types import TrialResult
from archmend.spaces import Architecture


class Evolution(LimitedStrategy):
    """Mutates the winner of a tournament in a population that loses its oldest member with each birth.

    Regularised, or aging, evolution (Real, Aggarwal, Huang and Le, "Regularized evolution for image
    classifier architecture search", AAAI 2019): whoever is old goes, however good, so that one lucky
    measurement does not stay. Some children have two parents, each choice from either, before they mutate.
    The population is the trials with the largest ids that gave a value, so it needs no other memory than the
    history. With several objectives a tournament is won in the order of `best_first`.
    """

    name: ClassVar[str] = "evolution"

    class Settings(BaseSettings):
        """Settings of evolution.

        Attributes:
            population: how many live at once; the first are random draws, half of them at most earlier
                runs' best.
            sample: how many of them meet in a tournament; all, where fewer live.
            crossover: share of the children that have two parents.
        """

        population: int = Field(default=20, ge=2)
        sample: int = Field(default=10, ge=1)
        crossover: float = Field(default=0.5, ge=0, le=1)

    settings: Settings

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return one of the first population, or an unseen child within the limits."""
        rng = np.random.default_rng((self.seed, number))
        seen = set(before.values())
        living = self.measured_before(number)[-self.settings.population :]
        if number < self.settings.population or not living:
            return self.draw_first(number, self.settings.population, rng, seen)
        ranked = best_first(living)
        return self.breed_unseen(lambda further: self._child(ranked, 1 + further, rng), rng, seen)

    def _child(self, ranked: Sequence[TrialResult], steps: int, rng: np.random.Generator) -> Architecture:
        child = self._winner(ranked, rng)
        if rng.random() < self.settings.crossover:
            child = self.space.crossover(child, self._winner(ranked, rng), rng)
        for _ in range(steps):
            child = self.space.mutate(child, rng)
        return child

    def _winner(self, ranked: Sequence[TrialResult], rng: np.random.Generator) -> Architecture:
        met = min(self.settings.sample, len(ranked))
        return ranked[int(rng.choice(len(ranked), met, replace=False).min())].architecture
