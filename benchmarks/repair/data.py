"""A case's rows, wherever the case comes from."""

from __future__ import annotations

from pathlib import Path

from benchmarks.repair import published_data, small_data
from benchmarks.repair.case import Case
from benchmarks.repair.parts import Parts

FOLDER = Path("../shared/benchmarks/repair")
"""Where the published cases lie, from the project's root."""


def parts(case: Case, folder: Path = FOLDER) -> Parts:
    """Return the rows to train on, to decide on and to score on.

    Args:
        case: published or generated.
        folder: of the published cases, with MNIST beside it (`../../data/mnist.npz`).
    """
    if case.data in small_data.SOURCES:
        return small_data.parts(case)
    return published_data.parts(case, folder)
