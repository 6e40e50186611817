"""What a trial on its way is compared by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archmend.search import Rung, first_of, objective_value
from archmend.training.metrics import classification_metrics


def rung_at(rungs: Sequence[Rung], epochs: float) -> Rung | None:
    """Return the rung after so many epochs, None where there is none."""
    return next((rung for rung in rungs if rung.epochs == epochs), None)


def value_of(rung: Rung, probabilities: np.ndarray, y: np.ndarray, classes: int) -> float:
    """Return the value in the rung's objective, turned so that larger is better.

    Args:
        rung: where the trial is.
        probabilities: (rows, classes), finite.
        y: class indices (rows,).
        classes: how many there are.
    """
    return first_of(objective_value((rung.objective,), classification_metrics(probabilities, y, classes)))
