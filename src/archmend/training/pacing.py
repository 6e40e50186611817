"""How much to train between two looks at the clock, where there is a deadline."""

from __future__ import annotations

_LOOK = 0.2
"""Seconds between two looks."""
_FIRST = 4
"""Batches of the first two stretches, before their pace is known."""


class Pacing:
    """Learns from each stretch of batches how long the next one may be.

    Attributes:
        seconds: of a batch; None before it is known.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.seconds: float | None = None
        self._compiled = False

    def learn(self, batches: int, seconds: float) -> None:
        """Take in what a stretch took; the first one compiles, which says nothing of the others."""
        if self._compiled:
            self.seconds = seconds / batches
        self._compiled = True

    @property
    def stretch(self) -> int:
        """How many batches to train until the next look at the clock."""
        return _FIRST if self.seconds is None else max(1, int(_LOOK / max(self.seconds, 1e-6)))
