"""Populations beside Keras's `fit` one by one, on the same networks, rows, epochs and batch size.

Usage: python -m benchmarks.speed --data mnist:mnist.npz [--cases grid-1,grid-3,middle,wide,conv] [--sample 5]
    [--count N] [--workers 2] [--again] [--out FILE.json]

Ours is timed from workers that have their data to the last network measured, with compilation from an
empty cache; `--again` repeats that with what is compiled by then. Of Keras a sample of the networks is
timed, evenly over their order, and scaled to all of them. Compare ratios of one run alone.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.speed import keras_fit, ours
from benchmarks.speed.cases import CASES, Case, macs
from benchmarks.speed.peak import peak
from rich.console import Console
from rich.table import Table

from archmend.datasets import open_data
from archmend.training.compile_cache import CACHE


def main() -> None:
    """Compare case by case and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--sample", type=int, default=5)
    parser.add_argument("--count", type=int, help="Networks of a case, where a whole one takes too long.")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        whole = open_data(given.data)
        rate = peak(given.workers)
        for name in given.cases.split(","):
            os.environ[CACHE] = str(Path(scratch) / f"cache-{name}")
            case = CASES[name] if given.count is None else replace(CASES[name], count=given.count)
            data = case.prepared(whole, Path(scratch) / f"data-{name}")
            found.append(compared(data, case, given.sample, given.workers, rate, again=given.again))
            Console(width=130).print(_table(found, rate, given.workers))
    if given.out is not None:
        given.out.write_text(json.dumps({"peak": rate, "cases": found}, indent=2) + "\n")


def compared(
    data: Path, case: Case, sample: int, workers: int, rate: float, *, again: bool
) -> dict[str, Any]:
    """Return what a case took on both sides."""
    codes = case.codes()
    timed = ours.train(data, case, codes, workers=workers, again=again)
    chosen = [codes[i] for i in np.linspace(0, len(codes) - 1, sample).astype(int)]
    seconds, accuracies = keras_fit.fit(data, case, chosen)
    rows = len(keras_fit.data_of(data)[0][1])
    # Three products a step: forward, and two gradients.
    work = 6 * macs(case.opened(), codes) * rows * case.epochs
    return {
        "case": case.name,
        "networks": len(codes),
        "epochs": case.epochs,
        "keras": float(np.mean(seconds)) * len(codes),
        "keras_sample": seconds,
        "ratio": float(np.mean(seconds)) * len(codes) / timed.seconds,
        "bar": case.bar,
        "share_of_peak": work / (timed.again or timed.seconds) / rate,
        "accuracy_ours": float(np.mean([timed.accuracies[code] for code in chosen])),
        "accuracy_keras": ours.mean(accuracies),
        **asdict(timed),
    }


def _table(found: list[dict[str, Any]], rate: float, workers: int) -> Table:
    table = Table(title=f"sgemm 2048 cubed: {rate / 1e9:.0f} GFLOP/s at {workers} threads")
    heads = (
        "case",
        "nets",
        "epochs",
        "Keras s",
        "ours s",
        "again s",
        "ratio",
        "bar",
        "of peak",
        "accuracy",
        "Keras",
    )
    for head in (*heads, "start s", "worker GiB"):
        table.add_column(head, justify="right")
    for f in found:
        again = "" if f["again"] is None else f"{f['again']:.1f}"
        row = [f["case"], f["networks"], f["epochs"], f"{f['keras']:.0f}", f"{f['seconds']:.1f}", again]
        row += [f"{f['ratio']:.1f}", f["bar"], f"{f['share_of_peak']:.0%}", f"{f['accuracy_ours']:.4f}"]
        row += [f"{f['accuracy_keras']:.4f}", f"{f['start']:.1f}", f"{f['peak'] / 2**30:.2f}"]
        table.add_row(*map(str, row))
    return table


if __name__ == "__main__":
    main()
