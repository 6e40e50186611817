"""Independent draws, the control that every other strategy has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from archmend.search.fitting import draw_unseen, refuse_impossible
from archmend.search.strategy import Strategy
from archmend.spaces import Architecture


class RandomSearch(Strategy):
    """Draws from the space, within the limits of cost, never the same twice (Bergstra and Bengio, JMLR 2012).

    Each active choice is drawn in turn, see `Space.sample`. What an earlier run tried (`prior`) is not
    drawn again either.
    """

    name: ClassVar[str] = "random"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a budget that nothing fits.

        Raises:
            BadInput: wrong settings, or no architecture within the limits.
        """
        super().__init__(*args, **kwargs)
        refuse_impossible(self.space, self.budget)

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return a draw that no id before has."""
        rng = np.random.default_rng((self.seed, number))
        seen = {*before.values(), *(result.architecture for result in self.prior)}
        return draw_unseen(self.space, self.budget, rng, seen)
