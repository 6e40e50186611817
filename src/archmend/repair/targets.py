"""What the training labels are, read from their values: classes in one of three forms, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Form = Literal["zero_one", "whole", "onehot", "multihot", "numbers"]


@dataclass(frozen=True, slots=True)
class Targets:
    """What the labels say, whatever loss the model is compiled with.

    Attributes:
        form: `zero_one` one 0 or 1 a row, `whole` one whole number from 0 on a row, `onehot` one 1 among
            zeros a row, `multihot` zeros and ones in several columns, `numbers` anything else.
        columns: values a row. low, high: the smallest and the largest of them.
    """

    form: Form
    columns: int
    low: float
    high: float

    @property
    def classes(self) -> bool:
        """Whether they name classes, in a form that says so by itself; whole numbers may be counts."""
        return self.form in ("zero_one", "onehot", "multihot")


def targets_of(y: Any) -> Targets:
    """Return what labels (rows, ...) are; the last axis of several holds the columns."""
    values = np.asarray(y)
    columns = 1 if values.ndim == 1 else int(values.shape[-1])
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool) or values.size == 0:
        return Targets("numbers", columns, float("nan"), float("nan"))
    values = values.astype("float64")
    low, high = float(values.min()), float(values.max())
    return Targets(_form(values.reshape(-1, columns), low), columns, low, high)


def _form(values: np.ndarray, low: float) -> Form:
    if np.isin(values, (0.0, 1.0)).all():
        if values.shape[1] == 1:
            return "zero_one"
        return "onehot" if (values.sum(axis=1) == 1).all() else "multihot"
    whole = bool((values == np.round(values)).all())
    return "whole" if values.shape[1] == 1 and low >= 0 and whole else "numbers"
