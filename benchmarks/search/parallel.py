"""What eight workers cost: a strategy that always has that many trials under way beside one that has one.

Usage: python -m benchmarks.search.parallel [--tables ...] [--strategies surrogate,...] [--seeds 40]
    [--queries 100] [--workers 8]

Workers finish in random order. Regret is that of the incumbent's mean, at equal numbers of finished trials.
"""

from __future__ import annotations

import argparse

import numpy as np
from benchmarks.search.replay import mean_text
from benchmarks.search.tables import DEVELOPMENT, Table, load
from rich.console import Console
from rich.table import Table as Lines

from archmend.search import TrialResult, create_strategy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", default=",".join(DEVELOPMENT))
    parser.add_argument("--strategies", default="surrogate,evolution,local_search,random")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    given = parser.parse_args()
    lines = Lines(title=f"mean regret after {given.queries} trials, standard error over {given.seeds} seeds")
    for column in ("table", "strategy", "1 worker", f"{given.workers} workers", "ratio"):
        lines.add_column(column)
    for name in given.tables.split(","):
        table = load(name)
        for strategy in given.strategies.split(","):
            one, many = (
                np.array([regret(table, strategy, seed, given.queries, n) for seed in range(given.seeds)])
                for n in (1, given.workers)
            )
            ratio = many.mean() / one.mean()
            lines.add_row(name, strategy, mean_text(one), mean_text(many), f"{ratio:.2f}")
    Console(width=120).print(lines)


def regret(table: Table, name: str, seed: int, queries: int, workers: int) -> float:
    """Return the incumbent's regret once so many trials have finished."""
    strategy, rng = create_strategy(name, table.space, seed), np.random.default_rng((seed, 1))
    running = list(strategy.ask(workers))
    best, mean = -np.inf, -np.inf
    for _ in range(queries):
        done = running.pop(int(rng.integers(len(running))))
        shown = table.draw(done.architecture, rng)
        if shown > best:
            best, mean = shown, float(table.means[table.rows[done.architecture]])
        strategy.tell([TrialResult(done.id, done.architecture, shown)])
        running += strategy.ask(1)
    return table.best - mean


if __name__ == "__main__":
    main()
