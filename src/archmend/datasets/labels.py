"""Labels of any kind -> class names and indices, or the sentence that says why not."""

from __future__ import annotations

import numpy as np

from archmend.errors import BadInput

_FEW_NUMBERS = 20


def label_names(labels: np.ndarray) -> np.ndarray:
    """Return the class name of each label: 3 and 3.0 are "3", booleans "False" and "True"."""
    if labels.dtype.kind == "f":
        whole = labels == np.floor(labels)
        return np.array([str(int(v)) if w else repr(float(v)) for v, w in zip(labels, whole, strict=True)])
    return labels.astype(str)


def index_labels(labels: np.ndarray, what: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the class names, numbers in their order and text in alphabetical order, and each row's index.

    Args:
        labels: (rows,), numbers, booleans or text.
        what: what the labels are called in a message.

    Raises:
        BadInput: a missing label, one class only, or numbers that are evidently quantities.
    """
    _refuse_missing(labels, what)
    _refuse_quantity(labels, what)
    values, y = np.unique(labels.astype(str) if labels.dtype.kind == "O" else labels, return_inverse=True)
    names = label_names(values)
    if len(names) < 2:
        raise BadInput(f"{what} holds one class only, {str(names[0])!r}; classification needs at least two")
    return tuple(str(name) for name in names), y.astype(np.int64).reshape(-1)


def rows_index(names: np.ndarray, classes: tuple[str, ...], what: str) -> np.ndarray:
    """Return the index of each name among `classes`.

    Raises:
        BadInput: a name that is not among them.
    """
    index = {name: i for i, name in enumerate(classes)}
    unknown = sorted(set(names.tolist()) - set(index))
    if unknown:
        raise BadInput(f"{what} holds the class {unknown[0]!r}, which has no row to train on; leave it out")
    return np.fromiter((index[name] for name in names.tolist()), dtype=np.int64, count=len(names))


def squeeze_labels(y: np.ndarray, what: str) -> np.ndarray:
    """Return labels (rows,) from labels (rows,), (rows, 1) or one-hot rows (rows, classes).

    Raises:
        BadInput: another shape, rows that are not one-hot, or a dtype that is no label.
    """
    if y.dtype.kind not in "biufUS":
        raise BadInput(f"{what} has the dtype {y.dtype}; give whole numbers, booleans or text as labels")
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.dtype.kind in "biuf":
        one_hot = np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()
        if not one_hot:
            raise BadInput(
                f"{what} has the shape {y.shape} and its rows are not one-hot (a single 1 among zeros); "
                "give one label a row, as several labels or probabilities are not supported"
            )
        return y.argmax(axis=1).astype(np.int64)
    if y.ndim != 1:
        raise BadInput(f"{what} has the shape {y.shape}; give one label a row: (rows,), or one-hot rows")
    return y


def _refuse_missing(labels: np.ndarray, what: str) -> None:
    missing = ~np.isfinite(labels) if labels.dtype.kind == "f" else labels.astype(str) == ""
    if labels.dtype.kind in "biu" or not missing.any():
        return
    rows = np.flatnonzero(missing)
    shown = ", ".join(str(row) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    raise BadInput(f"{what} lacks a label in {len(rows)} rows ({shown}, counted from 0); drop these rows")


def _refuse_quantity(labels: np.ndarray, what: str) -> None:
    """Refuse what is evidently a regression target: many different numbers that hardly repeat."""
    if labels.dtype.kind not in "iuf":
        return
    values, counts = np.unique(labels, return_counts=True)
    fractional = labels.dtype.kind == "f" and bool((values != np.floor(values)).any())
    hardly_repeat = len(values) > len(labels) / 2
    many = len(values) > _FEW_NUMBERS
    if (fractional and (many or hardly_repeat)) or (many and np.median(counts) < 3):
        raise BadInput(
            f"{what} holds {len(values)} different numbers in {len(labels)} rows, like a quantity, and "
            "archmend classifies; give labels of classes, or put the numbers into bins"
        )
