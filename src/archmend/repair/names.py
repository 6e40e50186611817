"""What can be named on a command line, without Keras."""

from __future__ import annotations

from archmend.repair.detectors import DETECTORS
from archmend.repair.pace import PACES
from archmend.repair.strategies import REPAIR_STRATEGIES

WATCHES = tuple(PACES)
"""How closely a training is watched."""


def detector_names() -> tuple[str, ...]:
    """Return the names of all detectors, installed packages' too."""
    return DETECTORS.names()


def repair_strategy_names() -> tuple[str, ...]:
    """Return the names that `strategy` takes, `auto` first."""
    return REPAIR_STRATEGIES.names()
