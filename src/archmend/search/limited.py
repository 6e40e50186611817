"""What strategies share that propose nothing over a limit of cost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

import numpy as np

from archmend.search.fitting import draw_unseen, fits, refuse_impossible
from archmend.search.strategy import Strategy
from archmend.search.types import TrialResult
from archmend.search.warm_start import first_unseen, usable
from archmend.spaces import Architecture

_CHILDREN = 64
_CHILDREN_A_DISTANCE = 8


class LimitedStrategy(Strategy):
    """Keeps to the budget's limits of cost: base of strategies that propose within them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a budget that nothing fits.

        Raises:
            BadInput: wrong settings, or no architecture within the limits.
        """
        super().__init__(*args, **kwargs)
        refuse_impossible(self.space, self.budget)

    @cached_property
    def earlier(self) -> list[TrialResult]:
        """The results of earlier runs that say something here, the best first; see `usable`."""
        return usable(self.prior, self.space, self.objectives)

    def fits(self, architecture: Architecture) -> bool:
        """Whether an architecture is within the limits of cost."""
        return fits(self.space, self.budget, architecture)

    def draw_unseen(self, rng: np.random.Generator, seen: Collection[Architecture]) -> Architecture | None:
        """Return a random architecture within the limits that is not among `seen`; None: none is left."""
        return draw_unseen(self.space, self.budget, rng, seen)

    def draw_first(
        self, number: int, count: int, rng: np.random.Generator, seen: Collection[Architecture]
    ) -> Architecture | None:
        """Return the suggestion with this id of the first `count`, which know no results of this run.

        Half of them at most are earlier runs' best, the rest random; None: none is left.
        """
        known = None
        if number < (count + 1) // 2:
            known = first_unseen(self.earlier, self.space, self.budget, seen)
        return self.draw_unseen(rng, seen) if known is None else known

    def breed_unseen(
        self, child: Callable[[int], Architecture], rng: np.random.Generator, seen: Collection[Architecture]
    ) -> Architecture | None:
        """Return the first child within the limits that is not among `seen`.

        Args:
            child: makes one by chance; its argument counts from 0 and grows while all that is near was tried,
                so that children go further.
            rng: draws a random architecture where 64 children gave none.
            seen: what not to propose.

        Returns:
            The child, else a random draw; None where nothing is left.
        """
        for attempt in range(_CHILDREN):
            made = child(attempt // _CHILDREN_A_DISTANCE)
            if made not in seen and self.fits(made):
                return made
        return self.draw_unseen(rng, seen)
