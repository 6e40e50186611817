"""Successive halving with several trades between many architectures and many epochs."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import ClassVar

from pydantic import Field

from archmend.search.ranking import best_first
from archmend.search.rungs import RungSettings, RungStrategy
from archmend.search.strategy import Settings
from archmend.search.types import Suggestion, TrialResult
from archmend.spaces import Architecture


class HyperbandSettings(RungSettings):
    """Those of rungs, and the brackets.

    Attributes:
        brackets: how many, from the one with the most architectures on; all unless given. 1 is plain
            successive halving.
    """

    brackets: int | None = Field(default=None, ge=1)


class Hyperband(RungStrategy):
    """Goes through brackets, each a successive halving that begins one rung higher with fewer architectures.

    Li et al., Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization (JMLR 2018). A rung
    begins when the one below has ended, so it waits: `ask` gives fewer than asked for, or nothing, while
    trials of the rung run. After the last bracket the first begins again with new architectures.
    """

    name: ClassVar[str] = "hyperband"
    Settings: ClassVar[type[Settings]] = HyperbandSettings
    waits: ClassVar[bool] = True

    def propose(self, number: int, before: Mapping[int, Architecture]) -> Suggestion | None:
        """Return what the brackets ask next, None while a rung waits or where nothing is left."""
        asked, results = self.asked_before(number), self.results_before(number)
        ahead, seen = deque(asked), set[Architecture]()
        for start in cycle(range(self._brackets)):
            members = self._opened(start, ahead, seen, results)
            if not ahead and len(members) < self._size(start):
                architecture = self.new_architecture(asked, results)
                if architecture is not None:
                    return Suggestion(number, architecture, self.fidelities[start])
                if not members:
                    return None
            for level in range(start + 1, len(self.fidelities)):
                if any(member.id not in results for member in members):
                    return None
                ranked = best_first(results[member.id] for member in members)
                room = max(1, len(members) // self.settings.reduction_factor)
                members = []
                for result in ranked[:room]:
                    if not ahead:
                        return Suggestion(number, result.architecture, self.fidelities[level])
                    members.append(ahead.popleft())
        raise AssertionError("brackets go round without an end")

    def _size(self, start: int) -> int:
        """Return how many architectures the bracket that begins on this rung tries."""
        above = len(self.fidelities) - 1 - start
        return math.ceil(len(self.fidelities) / (above + 1) * self.settings.reduction_factor**above)

    def _opened(
        self,
        start: int,
        ahead: deque[Suggestion],
        seen: set[Architecture],
        results: Mapping[int, TrialResult],
    ) -> list[Suggestion]:
        """Take a bracket's first rung from what is ahead; rejected ones are no part of it."""
        members: list[Suggestion] = []
        while ahead:
            new = ahead[0].architecture not in seen
            level = self.level(ahead[0].fidelity)
            if len(members) >= self._size(start):
                # A history that another strategy wrote has no promotions; here it is one large rung.
                due = start + 1 < len(self.fidelities) and _any_measured(members, results)
                if not (due and new and level == start):
                    break
            elif members and not new and level > start:
                break  # the space was exhausted, so the rung is closed
            suggestion = ahead.popleft()
            seen.add(suggestion.architecture)
            result = results.get(suggestion.id)
            if new and level == start and (result is None or result.status != "rejected"):
                members.append(suggestion)
        return members


def _any_measured(members: Sequence[Suggestion], results: Mapping[int, TrialResult]) -> bool:
    return any(m.id in results and results[m.id].value is not None for m in members)
