"""The seam for a fit that outlives its process: who keeps its state, and when it is asked to."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from archmend.repair.decision import Decision
from archmend.repair.values import EpochRecord

PAUSE = 5.0
"""Seconds between the starts of two saves, at least."""
SHARE = 0.05
"""Of the wall time that saves may take: a slow store is asked less often, not waited for more."""


@dataclass(frozen=True)
class Resumed:
    """Where a fit goes on.

    Attributes:
        history: epochs of the path that were finished. decisions: made so far. seconds: spent so far.
    """

    history: tuple[EpochRecord, ...]
    decisions: tuple[Decision, ...]
    seconds: float


class Keeper(ABC):
    """Keeps the state of one fit as bytes; where they lie is its own matter.

    Attributes:
        of: text that says what is fitted, with the digest of its data; a state of anything else is refused.
        pause: seconds between the starts of two saves, at least; 0 asks for each epoch's, whatever it costs.
    """

    of: str = ""
    pause: float = PAUSE

    @abstractmethod
    def load(self) -> bytes | None:
        """Return the state that was saved last, None where there is none."""

    @abstractmethod
    def save(self, state: bytes) -> None:
        """Put this state in the place of the one before; what it raises ends the fit."""

    @abstractmethod
    def resumed(self, found: Resumed) -> None:
        """Take note that the fit goes on from the loaded state; told before it trains."""

    @abstractmethod
    def refused(self, reason: str) -> None:
        """Take note that the loaded state cannot be gone on with, and that the fit starts anew."""

    @abstractmethod
    def failed(self, reason: str) -> None:
        """Take note that there are no saves, as something in this fit cannot be written down."""


class Saver:
    """Decides when a state is saved."""

    def __init__(self, keeper: Keeper, clock: Callable[[], float] = time.monotonic) -> None:
        """The first save is due a pause from now."""
        self._keeper, self._clock = keeper, clock
        self._started, self._cost = clock(), 0.0
        self._over = False

    def offer(self, state: Callable[[], bytes]) -> None:
        """Save the state that `state` makes, if one is due."""
        now = self._clock()
        if self._over or now - self._started < self._wait():
            return
        try:
            made = state()
        except (TypeError, ValueError, NotImplementedError) as error:
            self._over = True
            self._keeper.failed(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
            return
        self._keeper.save(made)
        self._started, self._cost = now, self._clock() - now

    def _wait(self) -> float:
        return max(self._keeper.pause, self._cost / SHARE) if self._keeper.pause else 0.0
