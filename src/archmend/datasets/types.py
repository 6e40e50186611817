"""Prepared data: three parts, what is known about them, and the encoding fitted on the training part.

`DataInfo` is what data.json holds. Rows stay as they came (raw); `Encoding` says how a network's
input is made from them, and becomes layers inside the saved model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

PartName = Literal["train", "validation", "test"]
Format = Literal["array", "image", "table", "text"]
ColumnKind = Literal["numeric", "categorical", "text"]
Features = np.ndarray | dict[str, np.ndarray]
"""Raw rows: an array (rows, *shape), or for tables and texts one array (rows,) a column."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArrayEncoding(_Frozen):
    """Standardisation of arrays and images: (x - mean) / deviation, NaN and infinity replaced first.

    Attributes:
        mean, deviation: one number a feature for vectors, one a channel for images, broadcast over
            `encoded_shape`'s last axis. A constant feature has deviation 1.
        fill: what stands for a non-finite entry (same length as mean); None without `impute`, where
            the data has none.
        encoded_shape: shape of one encoded row; images always have a channel axis: (height, width, channels).
    """

    kind: Literal["array"] = "array"
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    fill: tuple[float, ...] | None = None
    encoded_shape: tuple[int, ...]

    @property
    def column_widths(self) -> None:
        """An array has no columns."""

    @property
    def word_numbers(self) -> None:
        """An array has no words."""


class NumericColumn(_Frozen):
    """A standardised number; a missing one becomes `fill` (the training median)."""

    kind: Literal["numeric"] = "numeric"
    name: str
    mean: float
    deviation: float
    fill: float


class CategoricalColumn(_Frozen):
    """A category, one-hot: slot 0 for a value not seen in training (missing is the empty string)."""

    kind: Literal["categorical"] = "categorical"
    name: str
    vocabulary: tuple[str, ...]


class TableEncoding(_Frozen):
    """A table's columns in order; a row is encoded as their concatenation, a vector."""

    kind: Literal["table"] = "table"
    columns: tuple[Annotated[NumericColumn | CategoricalColumn, Field(discriminator="kind")], ...]

    @property
    def encoded_shape(self) -> tuple[int]:
        """Width of the encoded vector: one for a number, 1 + vocabulary for a category."""
        return (sum(self.column_widths),)

    @property
    def column_widths(self) -> tuple[int, ...]:
        """How many numbers of the encoded vector are each column's."""
        return tuple(1 if c.kind == "numeric" else 1 + len(c.vocabulary) for c in self.columns)

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """The columns' kinds by name."""
        return {column.name: column.kind for column in self.columns}

    @property
    def word_numbers(self) -> None:
        """A table's categories are no words."""


class TextEncoding(_Frozen):
    """Texts as numbers of their words: 0 behind the end, 1 for a word unknown, the vocabulary's from 2.

    Attributes:
        column: that holds the texts. vocabulary: words of the training part, the most frequent first.
        length: words of a text that are read; shorter ones are padded.
    """

    kind: Literal["text"] = "text"
    column: str
    vocabulary: tuple[str, ...]
    length: int

    @property
    def encoded_shape(self) -> tuple[int]:
        """One number a word."""
        return (self.length,)

    @property
    def column_widths(self) -> None:
        """The numbers of an encoded text are its words', not columns'."""

    @property
    def kinds(self) -> dict[str, ColumnKind]:
        """The column's kind by its name."""
        return {self.column: "text"}

    @property
    def word_numbers(self) -> int:
        """How many different numbers there are."""
        return 2 + len(self.vocabulary)


Encoding = Annotated[ArrayEncoding | TableEncoding | TextEncoding, Field(discriminator="kind")]


class Split(_Frozen):
    """How the rows were divided; `given_test` when the data brought its own test part."""

    seed: int
    validation: float
    test: float
    given_test: bool = False


class DataReport(_Frozen):
    """What preparing saw and did, in counts.

    Attributes:
        class_counts: rows of each class in each part.
        duplicate_rows: rows equal (features and label) to an earlier row of the source.
        leaked_rows: rows of validation and test whose features also stand in the training part.
        missing: missing cells a column (tables). non_finite: NaN or infinite entries in the source.
        notes: sentences for a person.
    """

    class_counts: dict[PartName, dict[str, int]]
    duplicate_rows: int
    leaked_rows: dict[Literal["validation", "test"], int]
    missing: dict[str, int] = {}
    non_finite: int = 0
    notes: tuple[str, ...] = ()


class DataInfo(_Frozen):
    """data.json: everything about prepared data but the rows.

    Attributes:
        source: the URI or name as given. format: `table` rows are dicts of raw columns, `text` rows one of
            a single column.
        shape: shape of one raw row; () for a table. dtype: of the raw array; "" for a table.
        classes: class names in the order of the label's index.
        digest: of the source's content (not of its place). split_digest: of digest and split.
        test_digest: of the test part's rows.
    """

    schema_version: Literal[1] = 1
    source: str
    format: Format
    shape: tuple[int, ...]
    dtype: str
    classes: tuple[str, ...]
    target: str | None = None
    rows: dict[PartName, int]
    digest: str
    split_digest: str
    test_digest: str
    split: Split
    impute: str | None = None
    encoding: Encoding
    report: DataReport

    @property
    def encoded_shape(self) -> tuple[int, ...]:
        """Shape of one row as a network's core sees it."""
        return self.encoding.encoded_shape

    @property
    def text(self) -> str | None:
        """The column of texts; None for other data."""
        return self.encoding.column if isinstance(self.encoding, TextEncoding) else None

    @property
    def has_columns(self) -> bool:
        """Whether the rows are columns by name."""
        return self.format in ("table", "text")


@dataclass(frozen=True)
class Part:
    """Rows and labels.

    Attributes:
        x: raw features. y: class indices (rows,), int64.
        frame: a table's columns as they came, the target included (a pyarrow.Table), where they are
            at hand; None for arrays.
    """

    x: Features
    y: np.ndarray
    frame: Any = None


@dataclass(frozen=True)
class Prepared:
    """Data ready to train on."""

    info: DataInfo
    train: Part
    validation: Part
    test: Part

    def part(self, name: PartName) -> Part:
        """Return one of the three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]
