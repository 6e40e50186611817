"""Data: read from a source of any common kind, split, encoded, and kept in a prepared directory."""

from archmend.datasets.encoding import encode
from archmend.datasets.features import concatenate, load_rows, part_of, row_count, save_rows, take
from archmend.datasets.open import open_data
from archmend.datasets.prepared import DATA_FILE, read_info, read_prepared, write_prepared
from archmend.datasets.types import (
    ArrayEncoding,
    CategoricalColumn,
    DataInfo,
    DataReport,
    Encoding,
    Features,
    NumericColumn,
    Part,
    PartName,
    Prepared,
    Split,
    TableEncoding,
    TextEncoding,
)

__all__ = [
    "DATA_FILE",
    "ArrayEncoding",
    "CategoricalColumn",
    "DataInfo",
    "DataReport",
    "Encoding",
    "Features",
    "NumericColumn",
    "Part",
    "PartName",
    "Prepared",
    "Split",
    "TableEncoding",
    "TextEncoding",
    "concatenate",
    "encode",
    "load_rows",
    "open_data",
    "part_of",
    "read_info",
    "read_prepared",
    "row_count",
    "save_rows",
    "take",
    "write_prepared",
]
