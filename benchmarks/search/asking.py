"""What an ask takes: milliseconds with many trials told, memory, and how soon a fresh object asks.

Usage: python -m benchmarks.search.asking [--strategies surrogate,tpe] [--told 200,2000]
    [--spaces fc,conv-open,nas-bench-201,naval]

Each strategy, space and number of trials is a process of its own with one thread. That many random
architectures are told, then 20 asks are timed one after the other, each told before the next. Memory is what
the process grew by, over what it had when the modules and the space were there. At the end a fresh object is
told 1,000 trials and asked for 4.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
from benchmarks.search.tables import DEVELOPMENT, load
from rich.console import Console
from rich.table import Table

from archmend.search import TrialResult, create_strategy
from archmend.spaces import Space, create_space

ASKS = 20
FRESH = 1000
_SHAPES = {"fc": (784,), "seed-fc": (784,), "seed-fc-free": (784,)}


def main() -> None:
    """Measure each in a process of its own, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--strategies", default="surrogate,tpe")
    parser.add_argument("--spaces", default="fc,conv-open,nas-bench-201,naval")
    parser.add_argument("--told", default="200,2000")
    parser.add_argument("--one", nargs=3, metavar=("STRATEGY", "SPACE", "TOLD"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        name, space, told = given.one
        print(json.dumps(measured(name, _space(space), int(told))))
        return
    table = Table(title="milliseconds of an ask (processor), memory grown by, and a fresh object")
    for head in ("strategy", "space", "told", "mean ms", "median ms", "wall ms", "MiB", "fresh s"):
        table.add_column(head, justify="right")
    for name in given.strategies.split(","):
        for space in given.spaces.split(","):
            for told in given.told.split(","):
                table.add_row(name, space, told, *_apart(name, space, told))
                Console(width=100).print(table)


def measured(name: str, space: Space, count: int) -> dict[str, float]:
    """Return what 20 asks take with so many trials told, and what a fresh object takes."""
    rng = np.random.default_rng(0)
    before = _peak()
    strategy = create_strategy(name, space)
    strategy.tell(_told(space, count, rng))
    processor, wall = [], []
    for _ in range(ASKS):
        began = time.process_time(), time.perf_counter()
        (asked,) = strategy.ask(1)
        processor.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
        strategy.tell([TrialResult(asked.id, asked.architecture, float(rng.random()))])
    grown = _peak() - before
    told = _told(space, FRESH, rng)
    began_at = time.perf_counter()
    fresh = create_strategy(name, space)
    fresh.tell(told)
    fresh.ask(4)
    took = time.perf_counter() - began_at
    return {
        "mean": 1000 * float(np.mean(processor)),
        "median": 1000 * float(np.median(processor)),
        "wall": 1000 * float(np.mean(wall)),
        "grown": grown,
        "fresh": took,
    }


def _told(space: Space, count: int, rng: np.random.Generator) -> list[TrialResult]:
    """Return results of so many different architectures, valued by a fixed random weight of each value."""
    drawn = dict.fromkeys(space.sample(rng) for _ in range(count))
    while len(drawn) < count:
        drawn[space.sample(rng)] = None
    weights: dict[tuple[str, object], float] = {}
    results = []
    for number, architecture in enumerate(drawn):
        worth = sum(weights.setdefault(item, float(rng.normal())) for item in architecture.items())
        results.append(TrialResult(number, architecture, worth + 0.3 * float(rng.normal())))
    return results


def _space(name: str) -> Space:
    if name in DEVELOPMENT:
        return load(name).space
    return create_space(name, input_shape=_SHAPES.get(name, (28, 28, 1)), classes=10)


def _apart(name: str, space: str, told: str) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.search.asking", "--one", name, space, told]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    found = json.loads(said.splitlines()[-1])
    times = [f"{found[key]:.1f}" for key in ("mean", "median", "wall")]
    return [*times, f"{found['grown'] / 2**20:.0f}", f"{found['fresh']:.2f}"]


def _peak() -> int:
    """Return the largest memory that this process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
