"""Arrays that lie on the disk where memory would hold them at the cost of everything else."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from archmend.storage import disk_errors

_SHARE = 8
"""An array of more than this part of the memory lies in a file."""
_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says how much memory a container may take; on a cluster that is far below the machine's."""
_BLOCK = 1 << 24
"""Bytes that are copied at a time."""


def spill_limit() -> int:
    """Return how many bytes an array may have in memory."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CONTAINER:
        with suppress(OSError, ValueError):  # there is none, or it is "max"
            limits.append(int(Path(name).read_text()))
    return min(limits) // _SHARE


def empty(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return a new array: zeros in a mapped file without a name if it is large, else whatever memory holds.

    The file is gone when the array is. What is written to it needs no memory, for the system takes its pages
    back when it wants them.

    Raises:
        Unavailable: the disk is full.
    """
    size = math.prod(shape) * dtype.itemsize
    if size <= spill_limit():
        return np.empty(shape, dtype)
    folder = tempfile.gettempdir()
    with disk_errors(folder), tempfile.TemporaryFile() as file:
        file.truncate(size)
        if hasattr(os, "posix_fallocate"):
            # Reserved rather than sparse: a disk that is full later on would kill the process.
            os.posix_fallocate(file.fileno(), 0, size)
        return np.ndarray(shape, dtype, mmap.mmap(file.fileno(), size))


def blocks(rows: int, row_bytes: int) -> Iterator[slice]:
    """Yield the rows of an array in slices of a few megabytes."""
    step = max(1, _BLOCK // max(1, row_bytes))
    for first in range(0, rows, step):
        yield slice(first, min(first + step, rows))


def gathered(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return `x[rows]` for indices, in a file if it is large.

    Raises:
        Unavailable: the disk is full.
    """
    found = empty((len(rows), *x.shape[1:]), x.dtype)
    for block in blocks(len(rows), x[:1].nbytes):
        found[block] = x[rows[block]]
    return found


def copied(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return a copy of another dtype, in a file if it is large.

    Raises:
        Unavailable: the disk is full.
    """
    found = empty(x.shape, dtype)
    for block in blocks(len(x), x[:1].nbytes):
        found[block] = x[block]
    return found


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return the rows of arrays of one shape and dtype one after another, in a file if they are many.

    Raises:
        Unavailable: the disk is full.
    """
    found = empty((sum(map(len, parts)), *parts[0].shape[1:]), np.result_type(*parts))
    begin = 0
    for part in parts:
        for block in blocks(len(part), part[:1].nbytes):
            found[begin + block.start : begin + block.stop] = part[block]
        begin += len(part)
    return found
