"""What eight workers cost: a strategy that always has that many trials under way beside one that has one.

Usage: python -m benchmarks.search.parallel [--tables ...] [--strategies surrogate,...] [--seeds 40]
    [--queries 100] [--workers 8]

Workers finish in random order. Regret is that of the incumbent's mean, at equal numbers of finished trials.
A search with W workers asks without the results of the W - 1 trials that are under way, so its regret stands
beside that of one worker as many trials earlier, too: what is lost beyond that is the strategy's own fault.
"""

from __future__ import annotations

import argparse

import numpy as np
from benchmarks.search.replay import mean_text
from benchmarks.search.tables import DEVELOPMENT, Table, load
from rich.console import Console
from rich.table import Table as Lines

from archmend.search import TrialResult, create_strategy

LOOKS = (25, 50, 100)
"""Numbers of finished trials at which the regret is said."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", default=",".join(DEVELOPMENT))
    parser.add_argument("--strategies", default="surrogate,evolution,local_search,random")
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    given = parser.parse_args()
    lines = Lines(
        title=f"regret over {given.seeds} seeds: means with standard errors, ratios with those of a bootstrap"
    )
    behind = given.workers - 1
    earlier = f"1 worker, {behind} trials earlier"
    for column in (
        "table",
        "strategy",
        "trials",
        "1 worker",
        f"{given.workers} workers",
        "ratio",
        earlier,
        "ratio",
    ):
        lines.add_column(column)
    for name in given.tables.split(","):
        table = load(name)
        for strategy in given.strategies.split(","):
            one, many = (
                np.array([regrets(table, strategy, seed, given.queries, n) for seed in range(given.seeds)])
                for n in (1, given.workers)
            )
            for n in (n for n in LOOKS if behind < n <= given.queries):
                here, there, before = one[:, n - 1], many[:, n - 1], one[:, n - 1 - behind]
                cells = (mean_text(here), mean_text(there), ratio(here, there))
                lines.add_row(name, strategy, str(n), *cells, mean_text(before), ratio(before, there))
            over = one.mean(axis=1), many.mean(axis=1)
            said = f"mean of 1 to {given.queries}"
            lines.add_row(name, strategy, said, *map(mean_text, over), ratio(*over), "", "")
    Console(width=170).print(lines)


def ratio(one: np.ndarray, many: np.ndarray) -> str:
    """Return the ratio of two means, of values by seed, and its standard error."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(one), size=(1000, len(one)))
    spread = (many[drawn].mean(axis=1) / np.maximum(one[drawn].mean(axis=1), 1e-12)).std()
    return f"{many.mean() / one.mean():.2f} ± {spread:.2f}"


def regrets(table: Table, name: str, seed: int, queries: int, workers: int) -> list[float]:
    """Return the incumbent's regret after each trial that finishes."""
    strategy, rng = create_strategy(name, table.space, seed), np.random.default_rng((seed, 1))
    running = list(strategy.ask(workers))
    best, mean = -np.inf, -np.inf
    found = []
    for _ in range(queries):
        done = running.pop(int(rng.integers(len(running))))
        shown = table.draw(done.architecture, rng)
        if shown > best:
            best, mean = shown, float(table.means[table.rows[done.architecture]])
        found.append(table.best - mean)
        strategy.tell([TrialResult(done.id, done.architecture, shown)])
        running += strategy.ask(1)
    return found


if __name__ == "__main__":
    main()
