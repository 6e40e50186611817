"""Tables: which columns are numbers, which are categories, and what is missing in them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archmend.datasets.raw import Raw
from archmend.datasets.text import looks_like_text
from archmend.datasets.types import ColumnKind
from archmend.errors import BadInput, unknown_name

# 2024-01-31, 2024/1/31, 31.01.2024, 1/31/2024, each also with a time behind it.
_DATE = r"^\s*(\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})([T ]\d{1,2}:\d{2}.*)?\s*$"


def table_raw(frame: pa.Table, target: str | None, text: str | None, where: str) -> Raw:
    """Return a table's features and labels.

    Numbers become float32 with NaN for a missing cell, text and booleans become categories with "" for a
    missing one. Cells that hold NaN or infinity are counted and become missing, too. With a column of texts,
    which is named or evident, that is the only feature.

    Args:
        frame: the columns as they came.
        target: the column of labels.
        text: the column of texts; None takes the only column besides the labels for one if it looks so.
        where: the file's name for messages.

    Raises:
        BadInput: no or an unknown target, no rows, no features, or a column that is not supported.
    """
    names = frame.column_names
    _check_names(names, where)
    if target is None:
        raise BadInput(f"{where!r} is a table; name the column of labels with --target ({', '.join(names)})")
    if target not in names:
        raise unknown_name("column", target, names)
    if len(names) < 2:
        raise BadInput(f"{where!r} has no column besides {target!r}; classification needs features")
    if frame.num_rows == 0:
        raise BadInput(f"{where!r} has no rows; give at least a few rows of each class")
    features = [name for name in names if name != target]
    notes: tuple[str, ...] = ()
    if text is not None:
        _check_text(frame, target, text, where)
        features, others = [text], [name for name in features if name != text]
        if others:
            notes = (f"Columns beside the text {text!r} that are not read: {', '.join(others)}.",)
            frame = frame.select([text, target])
    elif len(features) == 1 and _is_sentences(frame.column(features[0])):
        text = features[0]
    kinds: dict[str, ColumnKind] = (
        {name: kind_of(frame.column(name), name, where) for name in features}
        if text is None
        else {text: "text"}
    )
    missing = {name: _missing(frame.column(name)) for name in features}
    return Raw(
        format="table" if text is None else "text",
        x=features_from(frame, kinds),
        labels=label_values(frame.column(target), target, where),
        target=target,
        missing={name: count for name, count in missing.items() if count},
        non_finite=sum(_non_finite(frame.column(n)) for n in features if kinds[n] == "numeric"),
        frame=frame,
        notes=notes or _like_text(frame, kinds),
    )


def _check_names(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"{where!r} has two columns named {twice[0]!r}; rename one of them")
    unnameable = [name for name in names if "/" in name or not name]
    if unnameable:
        raise BadInput(
            f"{where!r} has a column named {unnameable[0]!r}; a model's inputs are named after the "
            "columns, and Keras takes no empty name and no '/': rename it"
        )


def _check_text(frame: pa.Table, target: str, text: str, where: str) -> None:
    if text not in frame.column_names:
        raise unknown_name("column", text, frame.column_names)
    if text == target:
        raise BadInput(f"--text and --target are both {text!r}; name the column of texts and that of labels")
    kind = _value_type(frame.column(text))
    if not _is_text(kind):
        raise BadInput(
            f"column {text!r} of {where!r} has the type {kind} and --text needs one of text; name another "
            "one, or leave --text out"
        )


def _is_sentences(column: pa.ChunkedArray) -> bool:
    return (
        _is_text(_value_type(column))
        and not _looks_like_dates(column)
        and looks_like_text(_categories(column))
    )


def _like_text(frame: pa.Table, kinds: dict[str, ColumnKind]) -> tuple[str, ...]:
    """Return notes on categories that a person would call text."""
    return tuple(
        f"Column {name!r} looks like text and is taken as a category; with --text {name} it is read, and "
        "nothing else."
        for name, kind in kinds.items()
        if kind == "categorical" and _is_sentences(frame.column(name))
    )


def kind_of(column: pa.ChunkedArray, name: str, where: str) -> ColumnKind:
    """Say whether a column is numbers or categories; booleans are categories.

    Raises:
        BadInput: dates, times, lists and whatever else is neither.
    """
    kind = _value_type(column)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numeric"
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return "categorical"
    if pa.types.is_temporal(kind) or (_is_text(kind) and _looks_like_dates(column)):
        raise BadInput(
            f"column {name!r} of {where!r} holds dates, which are not supported; turn it into numbers "
            "(days since a start, month, weekday) or drop it"
        )
    if _is_text(kind):
        return "categorical"
    raise BadInput(
        f"column {name!r} of {where!r} has the type {kind}, which is not supported; give numbers, text or "
        "booleans, or drop it"
    )


def features_from(frame: pa.Table, kinds: dict[str, ColumnKind]) -> dict[str, np.ndarray]:
    """Return the columns named in `kinds` as arrays (rows,): float32, or text as objects."""
    return {
        name: _numbers(frame.column(name)) if kind == "numeric" else _categories(frame.column(name))
        for name, kind in kinds.items()
    }


def label_values(column: pa.ChunkedArray, name: str, where: str) -> np.ndarray:
    """Return labels (rows,) as numbers, booleans or text; a missing one is "" or NaN.

    Raises:
        BadInput: a type that is no label.
    """
    kind = _value_type(column)
    if _is_text(kind) or pa.types.is_null(kind):
        return _categories(column).astype(str)
    if pa.types.is_boolean(kind):
        return _categories(column).astype(str) if column.null_count else column.to_numpy().astype(bool)
    if pa.types.is_integer(kind) and not column.null_count:
        return column.to_numpy().astype(np.int64)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _float64(column)
    raise BadInput(
        f"column {name!r} of {where!r} has the type {kind}; give text, numbers or booleans as labels"
    )


def _value_type(column: pa.ChunkedArray) -> pa.DataType:
    return column.type.value_type if pa.types.is_dictionary(column.type) else column.type


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _looks_like_dates(column: pa.ChunkedArray) -> bool:
    filled = _plain(column).cast(pa.string()).drop_null()
    filled = filled.filter(pc.not_equal(filled, ""))
    return len(filled) > 0 and bool(pc.all(pc.match_substring_regex(filled, _DATE)).as_py())


def _float64(column: pa.ChunkedArray) -> np.ndarray:
    return _plain(column).cast(pa.float64(), safe=False).to_numpy().astype(np.float64)


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    with np.errstate(over="ignore"):
        values = _float64(column).astype(np.float32)
    return np.where(np.isfinite(values), values, np.float32(np.nan))


def _categories(column: pa.ChunkedArray) -> np.ndarray:
    values = np.array(["" if v is None else str(v) for v in column.to_pylist()], dtype=object)
    return values.reshape(-1)


def _missing(column: pa.ChunkedArray) -> int:
    if _is_text(_value_type(column)):
        return int((_categories(column) == "").sum())
    return int(column.null_count)


def _non_finite(column: pa.ChunkedArray) -> int:
    return int(np.isnan(_numbers(column)).sum()) - int(column.null_count)
