"""The weights file of a trial: written behind one, and the start of another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.datasets.mapped import read_arrays, write_arrays
from archmend.networks import inherit, temper
from archmend.storage import open_atomic

if TYPE_CHECKING:
    from archmend.training.fitting import DeviceRows

CONFUSION = "confusion"
"""Member of a weights file with the validation part's confusion counts."""


def keep_weights(path: Path, weights: Mapping[str, np.ndarray], confusion: np.ndarray) -> None:
    """Write what is kept of a trained network.

    Raises:
        Unavailable: the disk is full.
    """
    with open_atomic(path) as stream:
        write_arrays(stream, {**weights, CONFUSION: confusion})


def weights_in(path: Path) -> dict[str, np.ndarray]:
    """Return the weights that a trial's file holds, or its whole state."""
    return {name: array for name, array in read_arrays(path).items() if name != CONFUSION}


def start_from(given: Mapping[str, np.ndarray], model: Any, rows: DeviceRows, seed: int) -> None:
    """Let a model inherit another one's weights; where it computes something else, it begins unsure."""
    if not inherit(model, given, seed=seed).preserved:
        temper(model, rows.x, rows.y)
