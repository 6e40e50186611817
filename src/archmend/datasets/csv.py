"""CSV with a header line and commas: text becomes typed columns, column by column."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from archmend.datasets.raw import Raw
from archmend.datasets.table import table_raw
from archmend.errors import BadInput

MISSING = ("", "NA", "N/A", "null", "NULL")
_WHOLE = r"^[+-]?\d+$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_NUMBER_OR_NOT_FINITE = rf"(?i){_NUMBER}|^[+-]?(nan|inf|infinity)$"


def read_csv(path: Path, target: str | None, text: str | None) -> Raw:
    """Return the rows of a CSV file (UTF-8).

    An empty cell, NA, N/A and null are missing. A column is whole numbers or numbers if all its other
    cells are, a written nan or inf included (which is then counted as not finite), else it is text.

    Raises:
        BadInput: no such text, rows of different width, or a table that is not supported (`table_raw`).
    """
    where = str(path)
    if path.stat().st_size == 0:
        raise BadInput(f"{where!r} is empty; give a header line and rows")
    try:
        # The header alone decides the columns; all cells come as text, so that we say what is a number.
        names = csv.open_csv(path, parse_options=_PARSE).schema.names
        types = dict.fromkeys(names, pa.string())
        options = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
        cells = csv.read_csv(path, parse_options=_PARSE, convert_options=options)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise BadInput(f"{where!r} cannot be read as CSV ({reason}); correct the file") from error
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise BadInput(f"{where!r} has the single column {names[0]!r}; separate columns by commas")
    columns = [typed_column(cells.column(i)) for i in range(cells.num_columns)]
    return table_raw(pa.table(columns, names=cells.column_names), target, text, where)


_PARSE = csv.ParseOptions(newlines_in_values=True)


def typed_column(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of text as int64, float64 or text, with null where a cell is missing."""
    trimmed = pc.utf8_trim_whitespace(text)
    known = pc.if_else(pc.is_in(trimmed, pa.array(MISSING)), pa.scalar(None, pa.string()), trimmed)
    if known.null_count == len(known):
        return known.cast(pa.null()) if len(known) == 0 else pa.chunked_array([pa.nulls(len(known))])
    bare = pc.replace_substring_regex(known, r"^\+", "")
    if _all_match(known, _WHOLE):
        try:
            return bare.cast(pa.int64())
        except pa.ArrowInvalid:  # beyond 64 bits
            return bare.cast(pa.float64())
    if _all_match(known, _NUMBER_OR_NOT_FINITE):
        return bare.cast(pa.float64())
    return known


def _all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(column, pattern)).as_py())
