"""Where a repair stops: by the clock, and by how much it tries."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRIALS_A_SYMPTOM = 4
"""Remedies tried for one symptom before it is given up."""
EXTRA_SHARE = 0.5
"""Steps spent on trials, as a share of the steps that were asked for; at least `EXTRA_STEPS`."""
EXTRA_STEPS = 400

LOOK = 0.2
"""Seconds between two looks at the clock, about."""
UNTIMED = 50
"""Steps in one call where nobody waits for the clock; more of them make a step no cheaper."""


class OutOfTimeError(Exception):
    """The time budget is over; whoever catches it finishes with what there is."""


@dataclass
class Limits:
    """Counts what is spent.

    Attributes:
        deadline: of the monotonic clock, None for none. repairs: remedies that may be tried; None for any.
        extra_steps: optimiser steps that trials may still take.
    """

    deadline: float | None
    repairs: int | None
    extra_steps: int
    started: float = field(default_factory=time.monotonic)

    def check_time(self) -> None:
        """Raise OutOfTimeError once the deadline has passed."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise OutOfTimeError

    def stretch(self, pace: float) -> int:
        """Return how many steps may be made between two looks at the clock, of so many seconds each."""
        if self.deadline is None:
            return UNTIMED
        return max(1, min(UNTIMED, int(LOOK / pace))) if pace > 0 else 1

    def may_try(self) -> bool:
        """Whether another remedy may be tried."""
        return (self.repairs is None or self.repairs > 0) and self.extra_steps > 0

    def spend(self, steps: int) -> None:
        """Count the steps of a trial."""
        self.extra_steps -= steps

    def spend_repair(self) -> None:
        """Count a remedy."""
        if self.repairs is not None:
            self.repairs -= 1

    @property
    def seconds_left(self) -> float | None:
        """Until the deadline; None for no limit."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def state_dict(self) -> dict[str, Any]:
        """Return what is left and what was spent."""
        seconds = time.monotonic() - self.started
        return {"repairs": self.repairs, "extra_steps": self.extra_steps, "seconds": seconds}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned; the seconds count as spent here."""
        self.repairs, self.extra_steps = state["repairs"], state["extra_steps"]
        self.started -= state["seconds"]
        if self.deadline is not None:
            self.deadline -= state["seconds"]
