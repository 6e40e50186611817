"""Small operations on raw rows, alike for arrays and for tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from archmend.datasets.spilled import gathered, joined
from archmend.datasets.types import Features, Part, PartName, Prepared
from archmend.storage import open_atomic


def row_count(x: Features) -> int:
    """Return the number of rows."""
    return len(next(iter(x.values()))) if isinstance(x, dict) else len(x)


def take(x: Features, rows: np.ndarray | slice) -> Features:
    """Return the `rows` (indices or a slice) of `x`, those of a large array in a file."""
    if isinstance(x, dict):
        return {name: column[rows] for name, column in x.items()}
    return x[rows] if isinstance(rows, slice) else gathered(x, rows)


def concatenate(parts: Sequence[Features]) -> Features:
    """Return the rows of all `parts`, one after another."""
    first = parts[0]
    if isinstance(first, dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in first}
    return joined(parts)  # type: ignore[arg-type]


def part_of(prepared: Prepared, name: PartName | Literal["all"]) -> Part:
    """Return a part by name; `all` is train, validation and test one after another."""
    if name != "all":
        return prepared.part(name)
    parts = (prepared.train, prepared.validation, prepared.test)
    return Part(concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts]))


def save_rows(path: str | Path, x: Features) -> None:
    """Write raw rows to an .npz file that `load_rows` reads, without pickles.

    Raises:
        BadInput, Unavailable: the file cannot be written.
    """
    if isinstance(x, dict):
        # Columns go by number: a column's name may be no member name.
        members = {
            f"column_{i}": c.astype(str) if c.dtype.kind == "O" else c for i, c in enumerate(x.values())
        }
        members["names"] = np.array(list(x), dtype=str)
    else:
        members = {"x": x}
    with open_atomic(path, "wb") as stream:
        np.savez(stream, **members)  # type: ignore[arg-type]


def load_rows(path: str | Path) -> Features:
    """Return the raw rows that `save_rows` wrote."""
    with np.load(path, allow_pickle=False) as members:
        if "names" not in members:
            return members["x"]
        columns = {str(name): members[f"column_{i}"] for i, name in enumerate(members["names"])}
    return {name: c.astype(object) if c.dtype.kind == "U" else c for name, c in columns.items()}
