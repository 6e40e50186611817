"""How much of the Pareto front strategies find: `python -m benchmarks.search.pareto [--seeds 20]`.

Two objectives: on NAS-Bench-201 (CIFAR-10) accuracy and the parameters of a cell, on FC-Net (naval, protein)
loss and parameters, and a synthetic trade-off whose front is a curve (Zitzler, Deb and Thiele's first, on a
grid). Each query shows one repeat; what is scored is the hypervolume of the mean values of what was asked, as
a share of the true front's, measured from the worst point of the table. Printed is what is missing, in per
cent, mean and standard error over seeds, and in how many seeds a strategy misses less than the first one does
with the same number of queries.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence

import numpy as np
from benchmarks.search import tables

from archmend.search import TrialResult, create_strategy
from archmend.search.hypervolume import hypervolume, hypervolumes, reference_point
from archmend.spaces import Architecture, Choice, Space

Point = tuple[float, float]
QUERIES = (50, 100, 200)
_INPUTS = {"naval": 14, "protein": 9}


class Task:
    """A space, what each of its architectures shows at random, and what that is worth in the mean."""

    def __init__(
        self, name: str, space: Space, shown: Callable[..., Point], worth: dict[Architecture, Point]
    ):
        self.name, self.space, self.shown, self.worth = name, space, shown, worth
        self.reference = reference_point(list(worth.values()))
        self.whole = hypervolume(_front(list(worth.values())), self.reference)


def table_task(name: str) -> Task:
    table = tables.load(name)
    params = {a: _cell(a) if name == "nas-bench-201" else _chain(a, _INPUTS[name]) for a in table.rows}
    worth = {a: (float(table.means[row]), -params[a]) for a, row in table.rows.items()}
    if name != "nas-bench-201":
        # Losses and sizes span decades, so that a front is only to be seen in their logarithms.
        turned = {a: (-float(np.log(-v)), -float(np.log(-p))) for a, (v, p) in worth.items()}
        return Task(name, table.space, lambda a, rng: (-np.log(-table.draw(a, rng)), turned[a][1]), turned)
    return Task(name, table.space, lambda a, rng: (table.draw(a, rng), worth[a][1]), worth)


def curve_task() -> Task:
    space = Space([Choice(f"x{i}", range(8)) for i in range(6)], name="curve")
    points = {}
    for values in itertools.product(range(8), repeat=6):
        first, rest = values[0] / 7, 1 + 9 * sum(values[1:]) / 35
        a = Architecture({f"x{i}": v for i, v in enumerate(values)})
        points[a] = (-first, -rest * (1 - float(np.sqrt(first / rest))))
    return Task("curve", space, lambda a, rng: points[a], points)


def missing(task: Task, strategy: str, seed: int) -> list[float]:
    """Return the share of the hypervolume that is missing after so many queries."""
    name, _, given = strategy.partition(":")
    settings = dict(part.split("=") for part in given.split(",")) if given else {}
    made = create_strategy(name, task.space, seed, objectives=("accuracy", "params"), **settings)
    rng, found = np.random.default_rng((seed, 1)), []
    for _ in range(max(QUERIES)):
        (asked,) = made.ask(1)
        shown = task.shown(asked.architecture, rng)
        made.tell([TrialResult(asked.id, asked.architecture, (float(shown[0]), float(shown[1])))])
        found.append(task.worth[asked.architecture])
    grown = hypervolumes(found, task.reference)
    return [100 * (1 - grown[count - 1] / task.whole) for count in QUERIES]


def _cell(a: Architecture) -> float:
    return float(sum({"nor_conv_3x3": 9, "nor_conv_1x1": 1}.get(str(op), 0) for op in a.values()))


def _chain(a: Architecture, inputs: int) -> float:
    one, two = int(a["n_units_1"]), int(a["n_units_2"])
    return float(inputs * one + one + one * two + two + two + 1)


def _front(points: Sequence[Point]) -> list[Point]:
    front: list[Point] = []
    for point in sorted(points, reverse=True):
        if not front or point[1] > front[-1][1]:
            front.append(point)
    return front


def main() -> None:
    """Print a table for each task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", default="curve,nas-bench-201,naval,protein")
    parser.add_argument("--strategies", default="random nsga2")
    options = parser.parse_args()
    for name in options.tasks.split(","):
        task = curve_task() if name == "curve" else table_task(name)
        control: np.ndarray | None = None
        for strategy in options.strategies.split():
            scores = np.array([missing(task, strategy, seed) for seed in range(options.seeds)])
            control = scores if control is None else control
            errors = scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
            wins = (scores < control).sum(axis=0)
            figures = "  ".join(
                f"@{count} {mean:6.2f} +- {error:4.2f} ({won}/{options.seeds})"
                for count, mean, error, won in zip(QUERIES, scores.mean(axis=0), errors, wins, strict=True)
            )
            print(f"{name:14} {strategy:24} {figures}", flush=True)


if __name__ == "__main__":
    main()
