"""The few raw rows that a version keeps with what its model said of them."""

from __future__ import annotations

import io

import numpy as np

from archmend.datasets.types import Features

_COLUMN = "column:"
_PREDICTIONS = "predictions"


def pack_rows(x: Features, predictions: np.ndarray) -> bytes:
    """Return an `.npz` of raw rows (an array, or a dict of columns) and predictions (rows, classes).

    Text columns are stored as Unicode arrays, so that reading needs no pickle.
    """
    if isinstance(x, dict):
        members = {_COLUMN + name: _plain(column) for name, column in x.items()}
    else:
        members = {"x": x}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_PREDICTIONS: predictions, **members})
    return buffer.getvalue()


def unpack_rows(data: bytes) -> tuple[Features, np.ndarray]:
    """Return what `pack_rows` was given."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        predictions = archive[_PREDICTIONS]
        if "x" in archive:
            return archive["x"], predictions
        names = [n for n in archive.files if n.startswith(_COLUMN)]
        return {n.removeprefix(_COLUMN): archive[n] for n in names}, predictions


def _plain(column: np.ndarray) -> np.ndarray:
    return column.astype(np.str_) if column.dtype.kind in "OU" else column
