"""A whole search beside KerasTuner's random search, each a process of its own, from start to best weights.

Usage: python -m benchmarks.speed.whole --data mnist:mnist.npz [--trials 50] [--epochs 3] [--batch-size 32]
    [--max-params 100000] [--peer-trials 10] [--workers 2] [--runs 1] [--out FILE.json]
    [--early-stopping asha]

Both draw at random from `fc` within the limit, train on the same rows and measure on the same others. Ours
begins with an empty cache of compiled programs in each run. KerasTuner's trials are a sample, scaled to all
of them, and none is stopped early; the best accuracy is that of as many trials as were trained. Memory is of
all processes of a side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.speed.memory import run_watched
from rich.console import Console
from rich.table import Table

from archmend.datasets import open_data, write_prepared
from archmend.steps.search import read_best
from archmend.training.compile_cache import CACHE


def main() -> None:
    """Compare, and print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-params", type=int, default=100_000)
    parser.add_argument("--peer-trials", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--early-stopping")
    given = parser.parse_args()
    table = Table(
        title=f"{given.trials} trials of fc within {given.max_params} parameters, {given.epochs} epochs"
    )
    for head in ("ours s", "GiB", "best", "KerasTuner s", "of trials", "best of these", "ratio"):
        table.add_column(head, justify="right")
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        data = write_prepared(open_data(given.data), Path(scratch) / "data")
        for number in range(given.runs):
            found.append(compared(given, data, Path(scratch) / str(number), number))
            f = found[-1]
            cells = (f["ours"], f["memory"] / 2**30, f["accuracy"], f["peer"], f["ratio"])
            ours, memory, accuracy, peer, ratio = (f"{v:.4g}" for v in cells)
            row = (ours, memory, accuracy, peer, str(given.peer_trials), f"{f['peer_accuracy']:.4g}", ratio)
            table.add_row(*row)
            Console(width=110).print(table)
    Console().print(f"median ratio {np.median([f['ratio'] for f in found]):.1f}")
    if given.out is not None:
        given.out.write_text(json.dumps(found, indent=2) + "\n")


def compared(given: argparse.Namespace, data: Path, scratch: Path, seed: int) -> dict[str, Any]:
    """Return what one run took on both sides."""
    scratch.mkdir()
    os.environ[CACHE] = str(scratch / "programs")
    search = [sys.executable, "-m", "archmend", "search", "--data", str(data), "--space", "fc"]
    search += ["--strategy", "random", "--max-trials", str(given.trials), "--epochs", str(given.epochs)]
    search += ["--batch-size", str(given.batch_size), "--max-params", str(given.max_params)]
    search += ["--workers", str(given.workers), "--seed", str(seed), "--out", str(scratch / "run"), "--quiet"]
    if given.early_stopping is not None:
        search += ["--early-stopping", given.early_stopping]
    ours, memory = run_watched(search)
    peer = [sys.executable, "-W", "ignore", "-m", "benchmarks.speed.keras_tuner_search", str(data)]
    peer += [str(scratch / "tuner"), str(given.peer_trials), str(given.epochs), str(given.batch_size)]
    said = subprocess.run(
        [*peer, str(given.max_params)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    theirs = json.loads(said.splitlines()[-1])
    trained = theirs["seconds"] - theirs["start"]
    scaled = theirs["start"] + trained * given.trials / given.peer_trials
    return {
        "ours": ours,
        "memory": memory,
        "accuracy": read_best(scratch / "run").metrics["accuracy"],
        "peer": scaled,
        "peer_accuracy": theirs["accuracy"],
        "ratio": scaled / ours,
    }


if __name__ == "__main__":
    main()
