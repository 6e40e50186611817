"""NumPy archives: x and y, or a training and a test part; also the usual mnist.npz."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np

from archmend.datasets.labels import squeeze_labels
from archmend.datasets.mapped import read_arrays
from archmend.datasets.raw import Raw
from archmend.datasets.spilled import copied, spill_limit
from archmend.errors import BadInput

_WHOLE = ("x", "y")
_PARTS = ("x_train", "y_train", "x_test", "y_test")


def read_npz(path: Path) -> Raw:
    """Return the rows of an .npz file with the members x and y, or x_train, y_train, x_test and y_test.

    x of shape (rows, features) is an array; (rows, height, width) or (rows, height, width, channels)
    is images. y is as `squeeze_labels` takes it. Members are never unpickled.

    Raises:
        BadInput: no such archive, other members, or shapes that do not fit.
    """
    return _raw(path, _checked_members(path))


def read_rows(path: Path) -> Raw:
    """Return the rows of an .npz file with the members x and y, one shard of many.

    Raises:
        BadInput: as of `read_npz`; a file that brings a test part.
    """
    arrays = _checked_members(path)
    if set(_PARTS) <= set(arrays):
        raise BadInput(f"{str(path)!r} brings a test part; a shard has the members x and y alone")
    return _raw(path, arrays)


def _raw(path: Path, arrays: dict[str, np.ndarray]) -> Raw:
    given_test = set(_PARTS) <= set(arrays)
    names = _PARTS if given_test else _WHOLE
    x, labels = _pair(path, arrays, *names[:2])
    x_test, labels_test = _pair(path, arrays, *names[2:]) if given_test else (None, None)
    if x_test is not None and x_test.shape[1:] != x.shape[1:]:
        raise BadInput(
            f"{str(path)!r}: a row of x_train has the shape {x.shape[1:]} and one of x_test "
            f"{x_test.shape[1:]}; make them alike"
        )
    ignored = sorted(set(arrays) - set(names))
    notes = (f"Members that are not read: {', '.join(ignored)}.",) if ignored else ()
    if x_test is not None and x_test.dtype != x.dtype:
        common = np.result_type(x, x_test)
        x, x_test = copied(x, common), copied(x_test, common)
    return Raw(
        format="array" if x.ndim == 2 else "image",
        x=x,
        labels=labels,
        x_test=x_test,
        labels_test=labels_test,
        non_finite=_non_finite(x) + (0 if x_test is None else _non_finite(x_test)),
        notes=notes,
    )


def read_mnist(path: Path) -> Raw:
    """Return the usual mnist.npz: 60000 training and 10000 test images (28, 28) of 0..255.

    Raises:
        BadInput: the file is not of this form.
    """
    raw = read_npz(path)
    if raw.x_test is None or raw.format != "image":
        raise BadInput(
            f"{str(path)!r} is no mnist.npz: it needs x_train, y_train, x_test and y_test of images"
        )
    return raw


def _checked_members(path: Path) -> dict[str, np.ndarray]:
    if path.stat().st_size == 0:
        raise BadInput(f"{str(path)!r} is empty; write it again with numpy.savez")
    arrays = read_arrays(path)
    if set(_WHOLE) <= set(arrays) or set(_PARTS) <= set(arrays):
        return arrays
    wanted = _PARTS if any(name in arrays for name in _PARTS) else _WHOLE
    missing = next(name for name in wanted if name not in arrays)
    close = difflib.get_close_matches(missing, arrays, n=1, cutoff=0.5)
    hint = f"; rename {close[0]!r}?" if close else ""
    raise BadInput(
        f"{str(path)!r} holds {', '.join(sorted(arrays)) or 'nothing'} but no {missing!r}; it needs "
        f"x and y, or x_train, y_train, x_test and y_test{hint}"
    )


def _pair(
    path: Path, arrays: dict[str, np.ndarray], x_name: str, y_name: str
) -> tuple[np.ndarray, np.ndarray]:
    x, y = arrays[x_name], arrays[y_name]
    where = f"{x_name} of {str(path)!r}"
    if x.dtype.kind not in "biuf":
        raise BadInput(f"{where} has the dtype {x.dtype}; give numbers")
    if x.ndim not in (2, 3, 4) or 0 in x.shape[1:]:
        raise BadInput(
            f"{where} has the shape {x.shape}; give (rows, features), (rows, height, width) or "
            "(rows, height, width, channels)"
        )
    if len(x) == 0:
        raise BadInput(f"{where} has no rows; give at least a few rows of each class")
    if y.ndim == 0 or len(x) != len(y):
        count = "no" if y.ndim == 0 else str(len(y))
        raise BadInput(f"{where} has {len(x)} rows and {y_name} has {count} labels; give one label a row")
    labels = squeeze_labels(np.array(y), f"{y_name} of {str(path)!r}")
    # A network's input has no boolean type.
    dtype = np.dtype(np.uint8) if x.dtype.kind == "b" else x.dtype.newbyteorder("=")
    # What is mapped is read now, lest somebody writes to the file meanwhile; but not into another file.
    return x if dtype == x.dtype and x.nbytes > spill_limit() else copied(x, dtype), labels


def _non_finite(x: np.ndarray) -> int:
    """Count the entries that are NaN or infinite as the 32-bit floats that a network sees."""
    if x.dtype.kind != "f":
        return 0
    with np.errstate(over="ignore"):
        return sum(
            int((~np.isfinite(row.astype(np.float32))).sum()) for row in np.array_split(x, len(x) // 4096 + 1)
        )
