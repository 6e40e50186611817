"""Two workers of one thread beside one of two threads: networks trained in the same time.

Usage: python -m benchmarks.speed.threads [--cases grid-1,middle,wide] [--counts 50,16,16] [--repeats 3]

A search has a process for each core, of one thread each. What is lost or gained by that is the rate of two
processes that each train a case's networks at once, over the rate of one that trains them with two threads,
in turn. Steps alone: `benchmarks.speed.steady` says what is measured. Give it a machine without other work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table


def main() -> None:
    """Measure both in turn, and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", default="grid-1,middle,wide")
    parser.add_argument("--counts", default="50,16,16")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    table = Table(title="seconds of a step of all networks of a case")
    for head in ("case", "two of one thread", "one of two threads", "networks trained, ratio", "range"):
        table.add_column(head, justify="right")
    for name, count in zip(given.cases.split(","), given.counts.split(","), strict=True):
        pairs = [(_step(name, count, 1, 2), _step(name, count, 2, 1)) for _ in range(given.repeats)]
        apart, together = (float(np.median(side)) for side in zip(*pairs, strict=True))
        # Two processes train twice as many networks.
        ratios = [2 * two / one for one, two in pairs]
        cells = (name, f"{apart:.5f}", f"{together:.5f}", f"{np.median(ratios):.2f}")
        table.add_row(*cells, f"{min(ratios):.2f} to {max(ratios):.2f}")
        Console(width=110).print(table)


def _step(case: str, count: str, threads: int, processes: int) -> float:
    """Return the mean seconds of a step over processes that run at the same time."""
    words = ["--cases", case, "--counts", count, "--threads", str(threads), "--batches", "200"]
    with tempfile.TemporaryDirectory() as scratch:
        said = [Path(scratch) / f"{i}.json" for i in range(processes)]
        program = [sys.executable, "-m", "benchmarks.speed.steady", *words, "--out"]
        running = [subprocess.Popen([*program, str(f)], stdout=subprocess.DEVNULL) for f in said]
        ended = [process.wait() for process in running]
        if any(ended):
            raise SystemExit(f"case {case!r} could not be measured")
        return float(np.mean([json.loads(f.read_text())[0]["step"] for f in said]))


if __name__ == "__main__":
    main()
