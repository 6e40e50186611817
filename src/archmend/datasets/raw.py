"""What a reader hands on: rows and labels as the source holds them, before any split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from archmend.datasets.types import Features, Format

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Raw:
    """A source that was read and whose shape makes sense.

    Attributes:
        format: what one row is. x: raw features.
        labels: one a row, (rows,), of an integer, boolean, floating or string dtype, none missing.
        x_test, labels_test: the test part that the source brings, or None.
        target: name of a table's label column.
        missing: missing cells of each column that has some (tables and texts).
        non_finite: NaN or infinite entries among the features.
        frame: a table's columns as they came, the target included; None for arrays.
        notes: sentences for the report.
    """

    format: Format
    x: Features
    labels: np.ndarray
    x_test: np.ndarray | None = None
    labels_test: np.ndarray | None = None
    target: str | None = None
    missing: dict[str, int] = field(default_factory=dict)
    non_finite: int = 0
    frame: pa.Table | None = None
    notes: tuple[str, ...] = ()
