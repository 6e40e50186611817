"""Successive halving that never waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from archmend.search.ranking import best_first
from archmend.search.rungs import RungSettings, RungStrategy
from archmend.search.strategy import Settings
from archmend.search.types import Suggestion, TrialResult
from archmend.spaces import Architecture

Rungs = dict[tuple[int, int], list[TrialResult]]
"""Finished trials by the rung where their architecture began, and their own."""


class AshaSettings(RungSettings):
    """Those of rungs, and the brackets.

    Attributes:
        brackets: 1 begins every architecture on the lowest rung; more begin some one rung higher each.
    """

    brackets: int = Field(default=1, ge=1)


class Asha(RungStrategy):
    """Promotes whatever is among the best of its rung by now, else begins a new architecture.

    The asynchronous successive halving of Li et al., A System for Massively Parallel Hyperparameter Tuning
    (MLSys 2020). Of the trials that have finished on a rung the best 1 / `reduction_factor` go on, the
    highest rung first. Failed ones count as the worst; those over a limit do not count.
    """

    name: ClassVar[str] = "asha"
    Settings: ClassVar[type[Settings]] = AshaSettings

    def propose(self, number: int, before: Mapping[int, Architecture]) -> Suggestion | None:
        """Return a promotion if one is due, else a new architecture."""
        asked, results = self.asked_before(number), self.results_before(number)
        first: dict[Architecture, int] = {}
        highest: dict[Architecture, int] = {}
        finished: Rungs = {}
        waiting = set()
        for suggestion in asked:
            architecture, level = suggestion.architecture, self.level(suggestion.fidelity)
            bracket = first.setdefault(architecture, level)
            highest[architecture] = max(highest.get(architecture, 0), level)
            result = results.get(suggestion.id)
            if result is None:
                waiting.add((bracket, level))
            elif result.status != "rejected":
                finished.setdefault((bracket, level), []).append(result)
        due = self._due(finished, highest)
        if due is None:
            new = self.new_architecture(asked, results)
            if new is not None:
                return Suggestion(number, new, self.fidelities[self._bracket(number)])
            due = None if waiting else self._last(finished, highest)
        if due is None:
            return None
        return Suggestion(number, due, self.fidelities[highest[due] + 1])

    def _due(self, finished: Rungs, highest: Mapping[Architecture, int]) -> Architecture | None:
        """Return the best architecture of the highest rung that has one to promote."""
        for level in range(len(self.fidelities) - 2, -1, -1):
            for bracket in range(level + 1):
                done = finished.get((bracket, level), [])
                room = len(done) // self.settings.reduction_factor
                for result in best_first(done)[:room]:
                    if highest[result.architecture] == level:
                        return result.architecture
        return None

    def _last(self, finished: Rungs, highest: Mapping[Architecture, int]) -> Architecture | None:
        """Return what goes on in an exhausted space where a rung is too small to promote anything.

        So the search ends with at least one architecture on the highest rung.
        """
        top = max(highest.values(), default=0)
        if top == len(self.fidelities) - 1:
            return None
        done = [r for (_, level), results in finished.items() if level == top for r in results]
        ranked = best_first(done)
        return ranked[0].architecture if ranked else None

    def _bracket(self, number: int) -> int:
        """Draw the first rung of a new architecture so that each bracket gets about as many epochs."""
        if self._brackets == 1:
            return 0
        shares = 1 / np.array(self.fidelities[: self._brackets], dtype=float)
        rng = np.random.default_rng((self.seed, number, 1))
        return int(rng.choice(self._brackets, p=shares / shares.sum()))
