"""A folder of shards: .npz archives of x and y, or Parquet files, whose rows come one after another."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from archmend.datasets.npz import read_rows
from archmend.datasets.raw import Raw
from archmend.datasets.spilled import empty
from archmend.errors import BadInput

SUFFIXES = (".npz", ".parquet", ".pq")


def shards_of(folder: Path) -> list[Path]:
    """Return the shards of a folder by name, none where it holds folders or no shards.

    Raises:
        BadInput: shards of both kinds, or other files beside them.
    """
    held = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    shards = [path for path in held if path.is_file() and path.suffix.lower() in SUFFIXES]
    if not shards or any(path.is_dir() for path in held):
        return []
    foreign = [path.name for path in held if path not in shards]
    if foreign:
        raise BadInput(
            f"{str(folder)!r} holds {foreign[0]!r} beside {len(shards)} shards; give shards their own folder"
        )
    kinds = {path.suffix.lower() == ".npz" for path in shards}
    if len(kinds) > 1:
        raise BadInput(f"{str(folder)!r} holds .npz and Parquet shards; give one kind")
    return shards


def read_npz_shards(shards: list[Path]) -> Raw:
    """Return the rows of .npz shards with the members x and y, in the order of their names.

    One shard after another is in memory; all of them lie in a file where memory would not hold them.

    Args:
        shards: at least one.

    Raises:
        BadInput: a shard that is damaged, lacks a member, or has rows unlike those of the first.
        Unavailable: the disk is full.
    """
    counts, labels, notes = list[int](), list[np.ndarray](), dict[str, None]()
    shape: tuple[int, ...] = ()
    dtype = np.dtype(np.uint8)
    for path in shards:
        part = read_rows(path)
        x = _array(part)
        if not counts:
            shape, dtype = x.shape[1:], x.dtype
        if (x.shape[1:], x.dtype) != (shape, dtype):
            raise BadInput(
                f"{str(path)!r} has rows {x.shape[1:]} of {x.dtype}, and {shards[0].name!r} has "
                f"{shape} of {dtype}; make the shards alike"
            )
        labels.append(part.labels)
        if part.labels.dtype.kind != labels[0].dtype.kind:
            raise BadInput(
                f"{str(path)!r} has labels of {part.labels.dtype}, and {shards[0].name!r} of "
                f"{labels[0].dtype}; make the shards alike"
            )
        counts.append(len(x))
        notes |= dict.fromkeys(part.notes)
    rows = empty((sum(counts), *shape), dtype)
    begin = non_finite = 0
    for path, count in zip(shards, counts, strict=True):
        part = read_rows(path)
        rows[begin : begin + count] = _array(part)
        begin, non_finite = begin + count, non_finite + part.non_finite
    return Raw(
        format="array" if rows.ndim == 2 else "image",
        x=rows,
        labels=np.concatenate(labels),
        non_finite=non_finite,
        notes=tuple(notes),
    )


def _array(raw: Raw) -> np.ndarray:
    assert not isinstance(raw.x, dict)
    return raw.x
