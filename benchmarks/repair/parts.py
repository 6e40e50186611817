"""Rows to train on, to decide on and to score on, with labels as a case's loss takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from benchmarks.repair.case import Case

Rows = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Parts:
    """The three parts of a data set, each features (rows, ...) and labels.

    Attributes:
        train: what networks are trained on. validation: what decisions rest on. fresh: what scores rest on.
    """

    train: Rows
    validation: Rows
    fresh: Rows


def labelled(case: Case, classes: np.ndarray, count: int) -> np.ndarray:
    """Return class indices (rows,) as the case's loss takes them.

    Args:
        case: its loss and output units decide: indices for a sparse loss, one column for one unit, else
            one-hot.
        classes: indices from 0.
        count: how many classes the data has.
    """
    named = case.loss["class_name"] if isinstance(case.loss, dict) else case.loss
    if "sparse" in named.lower():
        return classes.astype("int32")
    units = next(layer["units"] for layer in reversed(case.layers) if layer["type"] == "Dense")
    if units == 1:
        return classes[:, None].astype("float32")
    return np.eye(count, dtype="float32")[classes]
