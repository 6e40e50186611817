"""Whether a strategy is anywhere worse than drawing at random.

Usage: python -m benchmarks.search.against_random [--strategy auto] [--tables nas-bench-201,naval,protein]
    [--seeds 60] [--out build/bench-search]

On each table, and on a function of each space of the contract suite, both search with the same seeds. At 10,
25, 50 and 100 queries the regrets are compared a seed at a time (Wilcoxon's signed ranks, one-sided); of all
these tests together none may find the strategy worse at 5 % (Holm 1979). Replays of tables are kept in --out,
those of the benchmark of all strategies among them. Ends with 1 where the strategy is worse somewhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from benchmarks.search.peers import Ours
from benchmarks.search.replay import kept, mean_text
from benchmarks.search.tables import DEVELOPMENT, load
from rich.console import Console
from rich.table import Table as Lines
from scipy.stats import wilcoxon

from archmend.search import create_strategy
from archmend.spaces import Architecture, Space
from archmend.testing.spaces import SPACES

POINTS = (10, 25, 50, 100)
LEVEL = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--strategy", default="auto")
    parser.add_argument("--tables", default=",".join(DEVELOPMENT))
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("build/bench-search"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    regrets: dict[str, list[np.ndarray]] = {}
    for name in given.tables.split(","):
        table = load(name)
        regrets[name] = [
            kept(given.out, table, each, given.seeds, POINTS[-1]).regret(table)
            for each in (given.strategy, "random")
        ]
    for name, space in SPACES.items():
        regrets[f"hills on {name}"] = [
            np.array([_on_hills(each, space, seed) for seed in range(given.seeds)])
            for each in (given.strategy, "random")
        ]
    tests = {
        (name, p): _worse(*(r[:, p - 1] for r in pair)) for name, pair in regrets.items() for p in POINTS
    }
    corrected = dict(zip(tests, holm(list(tests.values())), strict=True))
    lines = Lines(title=f"regret of {given.strategy} and of random, and how likely it is no worse (Holm)")
    for column in ("where", "queries", given.strategy, "random", "p"):
        lines.add_column(column)
    for (name, point), p in corrected.items():
        means = [mean_text(r[:, point - 1]) for r in regrets[name]]
        lines.add_row(name, str(point), *means, f"{p:.3g}")
    Console(width=120).print(lines)
    sys.exit(int(min(corrected.values()) < LEVEL))


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for there being so many, in their order."""
    order = np.argsort(values, kind="stable")
    found, largest = np.empty(len(values)), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, (len(values) - rank) * values[place])
        found[place] = min(1.0, largest)
    return found.tolist()


def _worse(strategy: np.ndarray, control: np.ndarray) -> float:
    """Return the p-value of the strategy's regrets being as small as the control's, seed by seed."""
    if not np.any(strategy - control):
        return 1.0
    return float(wilcoxon(strategy, control, alternative="greater").pvalue)


def _on_hills(strategy: str, space: Space, seed: int) -> np.ndarray:
    """Return the regret after each query, on a function of the space with a top of this seed's."""
    # Not a stream that a strategy draws from: `random` would find the top among its first architectures.
    value = hills(space, np.random.default_rng((seed, 1, 1)))
    searcher, best, found = Ours(create_strategy(strategy, space, seed)), -np.inf, []
    for _ in range(POINTS[-1]):
        architecture = searcher.ask()
        if architecture is not None:
            searcher.tell(value(architecture))
            best = max(best, value(architecture))
        found.append(-best)
    return np.array(found)


def hills(space: Space, rng: np.random.Generator) -> Callable[[Architecture], float]:
    """Return a function that is larger the more choices are as those of an architecture that is drawn.

    Ordered values count by how near they are; what one of the two lacks counts as all wrong. Its largest
    value is 0.
    """
    top = space.sample(rng)

    def value(architecture: Architecture) -> float:
        return -sum(_apart(architecture.get(name), top.get(name)) for name in {*architecture, *top})

    return value


def _apart(one: object, other: object) -> float:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(float(np.log2((1 + one) / (1 + other))))
    return float(one != other)


if __name__ == "__main__":
    main()
