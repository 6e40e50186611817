"""Standardisation and one-hot codes: fitted on the training part, applied in NumPy."""

from __future__ import annotations

from collections import Counter

import numpy as np

from archmend.datasets.spilled import blocks, empty
from archmend.datasets.text import encode_text, fit_text
from archmend.datasets.types import (
    ArrayEncoding,
    CategoricalColumn,
    Encoding,
    Features,
    Format,
    NumericColumn,
    TableEncoding,
    TextEncoding,
)

MAX_VOCABULARY = 100
_BLOCK = 1 << 24


def fit_encoding(x: Features, form: Format, impute: str | None) -> tuple[Encoding, tuple[str, ...]]:
    """Fit the encoding on the training part's raw features.

    Args:
        x: raw training features.
        form: what one row is.
        impute: what stands for a value that is not there: median (None means it too, for a table's
            missing cells), mean or zero.

    Returns:
        The encoding, and notes for the report.
    """
    if isinstance(x, dict):
        if form == "text":
            ((column, texts),) = x.items()
            return fit_text(column, texts)
        return _fit_table(x, impute or "median")
    return _fit_array(x, impute), ()


def encode(encoding: Encoding, x: Features) -> np.ndarray:
    """Return what a network's core sees: float32 (rows, *encoded_shape).

    Args:
        encoding: as fitted.
        x: raw features of the shape the encoding was fitted on.
    """
    if isinstance(encoding, TextEncoding):
        assert isinstance(x, dict)
        return encode_text(encoding, x[encoding.column])
    if isinstance(encoding, TableEncoding):
        assert isinstance(x, dict)
        return np.concatenate([_encode_column(c, x[c.name]) for c in encoding.columns], axis=1)
    assert not isinstance(x, dict)
    rows = empty((len(x), *encoding.encoded_shape), np.dtype(np.float32))
    fill, mean, deviation = (
        None if values is None else np.asarray(values, dtype=np.float32)
        for values in (encoding.fill, encoding.mean, encoding.deviation)
    )
    for place in blocks(len(x), rows[:1].nbytes):
        block = rows[place]
        with np.errstate(over="ignore"):
            block[...] = x[place].reshape(block.shape)
        if fill is not None:
            np.copyto(block, fill, where=~np.isfinite(block))
        block -= mean
        block /= deviation
    return rows


def _fit_array(x: np.ndarray, impute: str | None) -> ArrayEncoding:
    shape = x.shape[1:] if x.ndim in (2, 4) else (*x.shape[1:], 1)
    rows = x.reshape(-1, shape[-1])  # a view: each channel, or each feature, is a column
    filled = None if impute is None else np.array([_fill(c, impute) for c in rows.T], dtype=np.float64)
    mean, deviation = _moments(rows)
    return ArrayEncoding(
        mean=tuple(mean.tolist()),
        deviation=tuple(deviation.tolist()),
        fill=None if filled is None else tuple(filled.tolist()),
        encoded_shape=tuple(int(n) for n in shape),
    )


def _moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of each column's finite values, as 32-bit floats see them.

    Blocks of rows keep the 64-bit copies small. A column is constant if its smallest and largest value
    are the same 32-bit float, whatever rounding leaves of its variance.
    """
    width = rows.shape[1]
    step = max(1, _BLOCK // (8 * width))
    count, total = np.zeros(width), np.zeros(width)
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    for start in range(0, len(rows), step):
        block = _block(rows, start, step)
        finite = np.isfinite(block)
        count += finite.sum(axis=0)
        total += np.where(finite, block, 0.0).sum(axis=0)
        low = np.minimum(low, np.where(finite, block, np.inf).min(axis=0))
        high = np.maximum(high, np.where(finite, block, -np.inf).max(axis=0))
    mean = total / np.maximum(count, 1)
    squares = np.zeros(width)
    for start in range(0, len(rows), step):
        block = _block(rows, start, step)
        squares += (np.where(np.isfinite(block), block - mean, 0.0) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(count, 1))
    varies = (high > low) & (deviation.astype(np.float32) > 0)
    return mean, np.where(varies, deviation, 1.0)


def _block(rows: np.ndarray, start: int, step: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        return rows[start : start + step].astype(np.float32).astype(np.float64)


def _fill(column: np.ndarray, impute: str) -> float:
    with np.errstate(over="ignore"):
        values = column.astype(np.float32)
    values = values[np.isfinite(values)].astype(np.float64)
    if impute == "zero" or not len(values):
        return 0.0
    return float(np.median(values) if impute == "median" else np.mean(values))


def _fit_table(x: dict[str, np.ndarray], impute: str) -> tuple[TableEncoding, tuple[str, ...]]:
    columns: list[NumericColumn | CategoricalColumn] = []
    notes: list[str] = []
    for name, values in x.items():
        if values.dtype.kind == "f":
            mean, deviation = _moments(values.reshape(-1, 1))
            fill = _fill(values, impute)
            columns.append(
                NumericColumn(name=name, mean=float(mean[0]), deviation=float(deviation[0]), fill=fill)
            )
            seen = np.unique(values[np.isfinite(values)])
        else:
            counts = Counter(values.tolist())
            # Most frequent first, then by name: the cap must not depend on the order of the rows.
            ranked = sorted(counts, key=lambda value: (-counts[value], value))[:MAX_VOCABULARY]
            columns.append(CategoricalColumn(name=name, vocabulary=tuple(sorted(ranked))))
            seen = np.array(list(counts))
            if len(counts) > MAX_VOCABULARY:
                notes.append(
                    f"Column {name!r} has {len(counts)} different values in the training part; the "
                    f"{MAX_VOCABULARY} most frequent are kept and the others count as one."
                )
        if len(seen) == 0 or (values.dtype.kind == "O" and set(seen.tolist()) == {""}):
            notes.append(f"Column {name!r} is empty in every row of the training part; it tells nothing.")
        elif len(seen) == 1:
            notes.append(f"Column {name!r} has one value in the training part; it tells nothing.")
    return TableEncoding(columns=tuple(columns)), tuple(notes)


def _encode_column(column: NumericColumn | CategoricalColumn, values: np.ndarray) -> np.ndarray:
    if isinstance(column, NumericColumn):
        numbers = values.astype(np.float32).reshape(-1, 1)
        numbers = np.where(np.isfinite(numbers), numbers, np.float32(column.fill))
        return (numbers - np.float32(column.mean)) / np.float32(column.deviation)
    slots = {value: slot for slot, value in enumerate(column.vocabulary, start=1)}
    index = np.fromiter((slots.get(v, 0) for v in values.tolist()), dtype=np.int64, count=len(values))
    codes = np.zeros((len(values), 1 + len(column.vocabulary)), dtype=np.float32)
    codes[np.arange(len(values)), index] = 1.0
    return codes
