"""Seconds from the end of TensorFlow's import to the first finished trial of a search on the digits.

Usage: python -m benchmarks.speed.first [--runs 3] [--trials 20] [--epochs 5] [--workers 2]
    [--spaces seed-fc,fc,conv] [--strategies random,auto]

Workers that have TensorFlow and their rows are given what a search gives them first. The cache of compiled
programs is empty in each run.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from archmend.datasets import open_data, read_info, write_prepared
from archmend.search import Budget, create_strategy
from archmend.spaces import create_space
from archmend.training import PooledEvaluator, TrainingSettings
from archmend.training.compile_cache import CACHE
from archmend.training.fused import grouping


def main() -> None:
    """Print a line for each space and strategy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--spaces", default="seed-fc,fc,conv")
    parser.add_argument("--strategies", default="random,auto")
    given = parser.parse_args()
    table = Table(title=f"digits, {given.trials} trials of {given.epochs} epochs, {given.workers} workers")
    for head in ("space", "strategy", "together", "first trial s (runs)", "median"):
        table.add_column(head, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        data = write_prepared(open_data("digits"), Path(scratch) / "data")
        for space in given.spaces.split(","):
            for strategy in given.strategies.split(","):
                took, together = [], 1
                for run in range(given.runs):
                    os.environ[CACHE] = str(Path(scratch) / f"{space}-{strategy}-{run}")
                    seconds, together = first_trial(data, space, strategy, given)
                    took.append(seconds)
                listed = " ".join(f"{s:.1f}" for s in took)
                table.add_row(space, strategy, str(together), listed, f"{np.median(took):.1f}")
    Console(width=110).print(table)


def first_trial(data: Path, name: str, strategy: str, given: argparse.Namespace) -> tuple[float, int]:
    """Return the seconds to the first result, and how many trials a worker trains together."""
    space = create_space(name, input_shape=(8, 8, 1), classes=10)
    budget = Budget(trials=given.trials)
    asked = create_strategy(strategy, space, 0, budget=budget)
    rows, batch = read_info(data).rows["train"], 32
    made = grouping(
        space,
        asked,
        budget,
        "adam",
        steps=given.epochs * -(-rows // batch),
        workers=given.workers,
        data_bytes=4 * 1797 * 64,
    )
    settings = TrainingSettings(data, name, given.epochs, batch, memory=made.memory)
    with PooledEvaluator(settings, workers=given.workers, population=made.population) as pool:
        pool.start()
        begun = time.monotonic()
        for suggestion in asked.ask(pool.concurrency):
            pool.submit(suggestion)
        pool.next_result()
        return time.monotonic() - begun, made.population or 1


if __name__ == "__main__":
    main()
