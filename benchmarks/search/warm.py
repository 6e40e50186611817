"""What an earlier run on other data is worth, and what one costs that says nothing.

Usage: python -m benchmarks.search.warm [--from naval] [--to protein] [--strategies surrogate,...]
    [--seeds 20] [--trials 40] [--queries 25]

A search without earlier runs beside one that is told an earlier run's trials on another table of the same
space, and one that is told these trials with their values dealt out anew at random. Regret is that of the
incumbent's mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from benchmarks.search.replay import mean_text
from benchmarks.search.tables import Table, load
from rich.console import Console
from rich.table import Table as Lines

from archmend.search import TrialResult, create_strategy

AFTER = (1, 3, 6, 10, 15, 25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--from", dest="earlier", default="naval")
    parser.add_argument("--to", default="protein")
    parser.add_argument("--strategies", default="surrogate,local_search,evolution,tpe,reinforce")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=40, help="of the earlier run, by surrogate")
    parser.add_argument("--queries", type=int, default=25)
    given = parser.parse_args()
    before, table = load(given.earlier), load(given.to)
    after = [n for n in AFTER if n <= given.queries]
    title = f"mean regret on {given.to}, standard error over {given.seeds} seeds"
    lines = Lines(title=title)
    for column in ("strategy", "earlier run", *(f"{n} trials" for n in after)):
        lines.add_column(column)
    runs = [play(before, "surrogate", 1000 + seed, given.trials)[0] for seed in range(given.seeds)]
    dealt = [_dealt_anew(run, seed) for seed, run in enumerate(runs)]
    for strategy in given.strategies.split(","):
        for kind, told in (("none", [()] * len(runs)), (given.earlier, runs), ("values at random", dealt)):
            regrets = np.array(
                [play(table, strategy, seed, given.queries, prior)[1] for seed, prior in enumerate(told)]
            )
            lines.add_row(strategy, kind, *(mean_text(regrets[:, n - 1]) for n in after))
    Console(width=150).print(lines)


def play(
    table: Table, name: str, seed: int, queries: int, prior: Sequence[TrialResult] = ()
) -> tuple[list[TrialResult], list[float]]:
    """Return the results of a search, and the incumbent's regret after each of them."""
    strategy = create_strategy(name, table.space, seed, prior=prior)
    rng = np.random.default_rng((seed, 1))
    results, regrets, best, mean = [], [], -np.inf, np.nan
    for _ in range(queries):
        (asked,) = strategy.ask(1)
        shown = table.draw(asked.architecture, rng)
        results.append(TrialResult(asked.id, asked.architecture, shown))
        strategy.tell(results[-1:])
        if shown > best:
            best, mean = shown, float(table.means[table.rows[asked.architecture]])
        regrets.append(table.best - mean)
    return results, regrets


def _dealt_anew(run: Sequence[TrialResult], seed: int) -> list[TrialResult]:
    order = np.random.default_rng((seed, 2)).permutation(len(run))
    return [replace(result, value=run[other].value) for result, other in zip(run, order, strict=True)]


if __name__ == "__main__":
    main()
