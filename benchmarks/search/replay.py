"""Searches replayed on a table: one random repeat is shown a query, the incumbent is judged by its mean."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.search.peers import Searcher, searchers
from benchmarks.search.tables import Table

from archmend.spaces import Space


@dataclass(frozen=True)
class Replay:
    """What one searcher found on one table.

    Attributes:
        means: mean value of the incumbent (best shown so far) after each query, shape (seeds, queries).
        seconds: processor time of asking and telling, a query.
    """

    table: str
    searcher: str
    means: np.ndarray
    seconds: float

    def regret(self, table: Table) -> np.ndarray:
        """Return how far the incumbents' means lie below the table's best, shape (seeds, queries)."""
        return table.best - self.means


def replay(
    table: Table, name: str, make: Callable[[Space, int], Searcher], seeds: range, queries: int
) -> Replay:
    """Search the table once a seed; the repeats that are shown depend on the seed alone."""
    means = np.empty((len(seeds), queries))
    spent = 0.0
    for row, seed in zip(means, seeds, strict=True):
        rng = np.random.default_rng((seed, 1))
        began = time.process_time()
        searcher = make(table.space, seed)
        best, incumbent = -np.inf, np.nan
        for query in range(queries):
            architecture = searcher.ask()
            if architecture is not None:
                shown = table.draw(architecture, rng)
                searcher.tell(shown)
                if shown > best:
                    best, incumbent = shown, float(table.means[table.rows[architecture]])
            row[query] = incumbent
        spent += time.process_time() - began
    return Replay(table.name, name, means, spent / means.size)


def kept(out: Path, table: Table, name: str, seeds: int, queries: int) -> Replay:
    """Return a searcher's replay with seeds 0, 1, ...; one that was made before is read from `out`."""
    path = out / f"{table.name}.{name}.{seeds}x{queries}.npz"
    if path.exists():
        with np.load(path) as held:
            return Replay(table.name, name, held["means"], float(held["seconds"]))
    done = replay(table, name, searchers()[name], range(seeds), queries)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, means=done.means, seconds=done.seconds)
    unfinished.rename(path)
    return done


def mean_text(values: np.ndarray) -> str:
    """Return mean and standard error for a person; of one value, that value."""
    if len(values) == 1:
        return f"{values[0]:.3g}"
    return f"{values.mean():.3g} ± {values.std(ddof=1) / np.sqrt(len(values)):.1g}"
