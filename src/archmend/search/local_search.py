"""Local search: what lies beside the best so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from archmend.search.limited import LimitedStrategy
from archmend.search.pareto import dominates
from archmend.search.ranking import best_first
from archmend.search.strategy import Settings as BaseSettings
from archmend.search.types import TrialResult, Value
from archmend.spaces import Architecture

_REMEMBERED = 20_000


class LocalSearch(LimitedStrategy):
    """Asks an unseen neighbour of the best architecture that has one; at rest, starts anew elsewhere.

    Local search is hard to beat on tables of trained networks (White, Nolen and Savani, "Exploring the loss
    landscape in neural architecture search", UAI 2021). Instead of trying all neighbours of one architecture
    before it moves, this one looks at the best so far before each question, so that it moves at once, and
    goes on beside the second best where everything beside the best is tried.

    A descent is the trials from one start on. It begins with random draws and is over when nothing in it
    got better for a while; the next one knows nothing of it, but asks nothing again. With several
    objectives whatever enters the front of its descent is better, see `best_first` for the order.
    """

    name: ClassVar[str] = "local_search"

    class Settings(BaseSettings):
        """Settings of local search.

        Attributes:
            starts: random draws at the beginning of a descent; of the first one, earlier runs' best come
                before them, half of it at most.
            patience: trials without anything better after which a descent is over.
        """

        starts: int = Field(default=10, ge=1)
        patience: int = Field(default=50, ge=1)

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._around: dict[Architecture, tuple[Architecture, ...]] = {}
        self._remembered = 0

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return a start, or a neighbour of the best in this descent that has an unseen one."""
        rng = np.random.default_rng((self.seed, number))
        seen = set(before.values())
        start = start_of_descent([r for r in self.history if r.id < number], self.settings.patience)
        if number < start + self.settings.starts:
            return self.draw_first(number, self.settings.starts, rng, seen)
        for result in best_first(r for r in self.measured_before(number) if r.id >= start):
            unseen = [a for a in self._neighbours(result.architecture) if a not in seen]
            if unseen:
                return unseen[int(rng.integers(len(unseen)))]
        return self.draw_unseen(rng, seen)

    def _neighbours(self, architecture: Architecture) -> tuple[Architecture, ...]:
        """Return those within the limits, and remember them: the best are looked at before each question."""
        if architecture not in self._around:
            if self._remembered > _REMEMBERED:
                self._around.clear()
                self._remembered = 0
            self._around[architecture] = tuple(filter(self.fits, self.space.neighbours(architecture)))
            self._remembered += len(self._around[architecture])
        return self._around[architecture]


def start_of_descent(finished: Sequence[TrialResult], patience: int) -> int:
    """Return the id with which the present descent begins: 0, or the one after the last that is over.

    Args:
        finished: trials in the order of their ids.
        patience: of them without anything better after which a descent is over.
    """
    start, waited = 0, 0
    front: list[Value] = []
    for result in finished:
        value = result.value
        if value is not None and not any(v == value or dominates(v, value) for v in front):
            front = [v for v in front if not dominates(value, v)] + [value]
            waited = 0
            continue
        # What was over a limit says nothing of the descent.
        waited += result.status != "rejected"
        if waited >= patience:
            start, waited, front = result.id + 1, 0, []
    return start
