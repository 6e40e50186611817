"""Parquet: as a source, and as the form in which a prepared table's parts lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from archmend.datasets.labels import label_names, rows_index
from archmend.datasets.raw import Raw
from archmend.datasets.table import features_from, label_values, table_raw
from archmend.datasets.types import ArrayEncoding, DataInfo, Part
from archmend.errors import BadInput
from archmend.storage import open_atomic


def read_parquet(shards: Sequence[Path], target: str | None, text: str | None) -> Raw:
    """Return the rows of Parquet files one after another: null is a missing cell, NaN is not.

    Raises:
        BadInput: no Parquet file, columns unlike those of the first, or a table that is not supported
            (`table_raw`).
    """
    first, *others = shards
    frames = [_read(first)]
    for path in others:
        frame = _read(path)
        if frame.schema != frames[0].schema:
            raise BadInput(
                f"{str(path)!r} has {_unlike(frames[0].schema, frame.schema)} than {first.name!r}; "
                "make the shards alike"
            )
        frames.append(frame)
    where = str(first if not others else first.parent)
    return table_raw(pa.concat_tables(frames), target, text, where)


def _unlike(first: pa.Schema, other: pa.Schema) -> str:
    """Return what makes the columns of another file other ones."""
    both = ((first, other), (other, first))
    unlike = next((field.name for these, those in both for field in these if field not in those), None)
    return "another order of columns" if unlike is None else f"another column {unlike!r}"


def write_part(path: Path, part: Part, info: DataInfo) -> None:
    """Write a part's columns as they came, the target among them.

    Raises:
        BadInput, Unavailable: the file cannot be written.
    """
    with open_atomic(path) as stream:
        pq.write_table(part.frame if part.frame is not None else _frame(part, info), stream)


def read_part(path: Path, info: DataInfo) -> Part:
    """Return a part that `write_part` wrote.

    Raises:
        BadInput: the file is damaged or its columns are not what data.json says.
    """
    frame = _read(path)
    assert not isinstance(info.encoding, ArrayEncoding)
    assert info.target is not None
    kinds = info.encoding.kinds
    absent = [name for name in (*kinds, info.target) if name not in frame.column_names]
    if absent:
        raise BadInput(f"{str(path)!r} lacks the column {absent[0]!r}; prepare the source anew")
    labels = label_values(frame.column(info.target), info.target, str(path))
    y = rows_index(label_names(labels), info.classes, f"{str(path)!r}")
    return Part(features_from(frame, kinds), y, frame)


def _read(path: Path) -> pa.Table:
    if path.stat().st_size == 0:
        raise BadInput(f"{str(path)!r} is empty; write the table again")
    try:
        return pq.ParquetFile(path).read().replace_schema_metadata()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise BadInput(
            f"{str(path)!r} is no Parquet file or is damaged ({reason}); write the table again"
        ) from error


def _frame(part: Part, info: DataInfo) -> pa.Table:
    """Build the columns of a part that was not read from a table."""
    assert isinstance(part.x, dict)
    columns = {name: pa.array(values, from_pandas=True) for name, values in part.x.items()}
    return pa.table({**columns, info.target or "label": np.array(info.classes)[part.y]})
