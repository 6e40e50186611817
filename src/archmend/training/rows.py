"""Encoded rows that the workers of a search have in memory once."""

from __future__ import annotations

import math
import mmap
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from archmend.datasets import DataInfo, Part, encode, read_prepared, take
from archmend.storage import disk_errors

_BLOCK = 4096
"""Rows that are encoded at a time, so that what is in memory meanwhile stays small."""
_ALIGNMENT = 64


def encoded_bytes(info: DataInfo) -> int:
    """Return about how many bytes encoded rows take: those of all parts, the test part among them."""
    return 4 * sum(info.rows.values()) * math.prod(info.encoded_shape)


@dataclass(frozen=True)
class EncodedPart:
    """A part as networks see it.

    Attributes:
        x: float32 (rows, *encoded_shape). y: class indices (rows,).
    """

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class EncodedRows:
    """The parts that a search trains and measures on, and what is known of their data."""

    info: DataInfo
    train: EncodedPart
    validation: EncodedPart

    @classmethod
    def read(cls, data: Path) -> Self:
        """Encode a prepared directory in memory.

        Raises:
            BadInput: it is none.
        """
        prepared = read_prepared(data)
        encoding = prepared.info.encoding
        parts = (prepared.train, prepared.validation)
        return cls(prepared.info, *(EncodedPart(encode(encoding, part.x), part.y) for part in parts))


@dataclass(frozen=True)
class RowsLayout:
    """Where the arrays of a `RowsFile` lie: what a worker is told.

    Attributes:
        descriptor: of the file, the same in the worker. info: of the data.
        arrays: shape, type and first byte by name.
    """

    descriptor: int
    info: DataInfo
    arrays: Mapping[str, tuple[tuple[int, ...], str, int]]

    def rows(self) -> EncodedRows:
        """Return the rows, mapped: their pages are shared while nobody writes to them."""
        mapped = mmap.mmap(self.descriptor, 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)

        def array(name: str) -> np.ndarray:
            shape, dtype, begin = self.arrays[name]
            return np.ndarray(shape, dtype, mapped, begin)

        train, validation = (
            EncodedPart(array(f"{part}.x"), array(f"{part}.y")) for part in ("train", "validation")
        )
        return EncodedRows(self.info, train, validation)


class RowsFile:
    """A file without a name that holds encoded rows; it is gone when the last process that has it is."""

    def __init__(self) -> None:
        """Make it, empty."""
        with disk_errors(tempfile.gettempdir()):
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as this object
        self._layout: RowsLayout | None = None

    @property
    def descriptor(self) -> int:
        """What a worker inherits."""
        return self._file.fileno()

    def layout(self, data: Path) -> RowsLayout:
        """Return where the rows lie; the first call encodes them.

        Args:
            data: a prepared directory, the same in every call.

        Raises:
            BadInput: it is none. Unavailable: the disk is full.
        """
        if self._layout is None:
            prepared = read_prepared(data)
            info = prepared.info
            arrays = {}
            with disk_errors(tempfile.gettempdir()):
                for name, part in (("train", prepared.train), ("validation", prepared.validation)):
                    shape = (len(part.y), *info.encoded_shape)
                    arrays[f"{name}.x"] = (shape, "<f4", self._write(_encoded_blocks(info, part)))
                    labels = part.y.astype("<i8")
                    arrays[f"{name}.y"] = (labels.shape, "<i8", self._write([labels]))
                self._file.flush()
            self._layout = RowsLayout(self.descriptor, info, arrays)
        return self._layout

    def close(self) -> None:
        """Let go of it; workers keep what they have mapped."""
        self._file.close()

    def _write(self, blocks: Iterator[np.ndarray] | list[np.ndarray]) -> int:
        """Append an array in blocks and return its first byte."""
        self._file.write(bytes(-self._file.tell() % _ALIGNMENT))
        begin = self._file.tell()
        for block in blocks:
            self._file.write(np.ascontiguousarray(block).data)
        return begin


def _encoded_blocks(info: DataInfo, part: Part) -> Iterator[np.ndarray]:
    for first in range(0, len(part.y), _BLOCK):
        yield encode(info.encoding, take(part.x, slice(first, first + _BLOCK)))
