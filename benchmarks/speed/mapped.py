"""Steps on rows that are mapped from a file beside steps on rows in memory, at MNIST's size.

Usage: python -m benchmarks.speed.mapped [--rows 51000] [--runs 5]

One thread, a network of two hidden layers, batches of 32 in random order. Cold is an epoch after the system
was told to forget the file's pages, as with data that memory does not hold; it is left out where the system
cannot be told.
"""

from __future__ import annotations

import argparse
import mmap
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from archmend.datasets import open_data, write_prepared
from archmend.spaces import create_space

BATCH = 32


def main() -> None:
    """Print rows a second of each, in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=51_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    from archmend.networks import build, pin_threads

    pin_threads(1)
    from archmend.training.fitting import DeviceRows, Fitting
    from archmend.training.rows import RowsFile

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (given.rows, 28, 28)).astype(np.uint8), np.arange(given.rows) % 10
    space = create_space("fc", input_shape=(28, 28, 1), classes=10)
    file, found = RowsFile(), {"memory": list[float](), "mapped": list[float]()}
    if hasattr(os, "posix_fadvise"):
        found["mapped, cold"] = []
    with tempfile.TemporaryDirectory() as scratch:
        np.savez(Path(scratch) / "x.npz", x=x, y=y)
        data = write_prepared(open_data(Path(scratch) / "x.npz"), Path(scratch) / "data")
        part = file.layout(data).rows().train
    assert isinstance(part.x.base, mmap.mmap)
    kinds = {"memory": DeviceRows(part.x.copy(), part.y.copy()), "mapped": DeviceRows(part.x, part.y)}
    model = build(space, space.parse("2-64-32-relu-none-0-0.001"), seed=0)
    fits = {name: Fitting(model, rows, batch_size=BATCH, seed=0) for name, rows in kinds.items()}
    for fit in fits.values():
        fit.epoch()
    for _ in range(given.runs):
        for name in found:
            if name.endswith("cold"):
                part.x.base.madvise(mmap.MADV_DONTNEED)
                os.fsync(file.descriptor)
                os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            begun = time.perf_counter()
            fits[name.split(",")[0]].epoch()
            found[name].append(len(part.y) / (time.perf_counter() - begun))
    table = Table(title=f"{len(part.y)} rows of 784 numbers, medians of {given.runs} epochs")
    for head in ("rows", "a second", "of memory's"):
        table.add_column(head, justify="right")
    base = np.median(found["memory"])
    for name, rates in found.items():
        table.add_row(name, f"{np.median(rates):,.0f}", f"{np.median(rates) / base:.2f}")
    Console().print(table)
    file.close()


if __name__ == "__main__":
    main()
