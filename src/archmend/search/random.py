"""Independent draws, the control that every other strategy has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from archmend.search.limited import LimitedStrategy
from archmend.spaces import Architecture


class RandomSearch(LimitedStrategy):
    """Draws from the space, within the limits of cost, never the same twice (Bergstra and Bengio, JMLR 2012).

    Each active choice is drawn in turn, see `Space.sample`. What an earlier run tried (`prior`) is not
    drawn again either.
    """

    name: ClassVar[str] = "random"

    @property
    def learns(self) -> bool:
        """It does not look at results."""
        return False

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return a draw that no id before has."""
        rng = np.random.default_rng((self.seed, number))
        seen = {*before.values(), *(result.architecture for result in self.prior)}
        return self.draw_unseen(rng, seen)
