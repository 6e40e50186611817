"""How closely a training can be watched, by name; without Keras, as a command line names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """How often the layers are probed.

    Attributes:
        growth: each probe comes after this times as many steps as the one before: a fault of structure shows
            at once. longest: steps between two probes, at most.
        every: batches between two looks at the losses alone.
    """

    growth: float
    longest: int
    every: int


PACES: Mapping[str, Pace] = {"full": Pace(2.0, 500, 20), "light": Pace(4.0, 4000, 50)}
"""A probe costs about as much as ten steps of 32 rows: less than 2 % of the steps between two."""
