"""Whether populations say of architectures what single trainings say: bias, and the order.

Usage: python -m benchmarks.speed.ranks --data mnist:mnist.npz [--count 30] [--epochs 1] [--repeats 2]
    [--max-params 100000]

Random architectures of `fc` are trained in populations and, with other orders of rows, one by one, each so
many times with other seeds. Printed are the paired difference of their validation accuracies, and Spearman's
rank correlation of single trainings with populations and with one another; and the same of architectures that
differ by more than noise: each next one in the order of the single trainings by a deviation of one of them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from archmend.datasets import open_data, read_info, write_prepared
from archmend.search import Budget, Suggestion, create_strategy
from archmend.spaces import create_space
from archmend.training import PooledEvaluator, TrainingSettings


def main() -> None:
    """Train on both ways and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--max-params", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = write_prepared(open_data(given.data), Path(scratch) / "data")
        info = read_info(data)
        space = create_space("fc", input_shape=info.encoded_shape, classes=len(info.classes))
        random = create_strategy("random", space, 3, budget=Budget(params=given.max_params))
        drawn = random.ask(given.count)
        settings = TrainingSettings(data, "fc", given.epochs)
        runs = {
            population: [_trained(settings, drawn, population, seed) for seed in range(given.repeats)]
            for population in (-(-given.count // 2), None)
        }
    together, alone = (np.array([accuracies for accuracies, _ in each]) for each in runs.values())
    difference = together.mean(axis=0) - alone.mean(axis=0)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    print(f"{given.count} architectures, {given.epochs} epochs: accuracy {together.mean():.4f} together")
    print(f"and {alone.mean():.4f} alone; difference {difference.mean():+.4f}, standard error {error:.4f}")
    print(f"median difference {np.median(difference):+.4f}")
    _say_order("all", together, alone)
    if given.repeats > 1:
        chosen = _apart(alone.mean(axis=0), float(np.median(alone.std(axis=0, ddof=1))))
        _say_order(f"{len(chosen)} that differ by more than noise", together[:, chosen], alone[:, chosen])
    took = [sum(seconds for _, seconds in each) for each in runs.values()]
    print(f"seconds together {took[0]:.0f}, one by one with our own loop {took[1]:.0f}")


def _say_order(what: str, together: np.ndarray, alone: np.ndarray) -> None:
    across = np.mean([spearmanr(a, b).statistic for a in together for b in alone])
    pairs = [spearmanr(alone[i], alone[j]).statistic for i in range(len(alone)) for j in range(i)]
    also = f", single trainings with one another {np.mean(pairs):.3f}" if pairs else ""
    print(f"Spearman of {what}: populations with single trainings {across:.3f}{also}")


def _apart(values: np.ndarray, noise: float) -> list[int]:
    """Return the places of values that lie apart by more than the noise, from the least on."""
    chosen: list[int] = []
    for place in np.argsort(values).tolist():
        if not chosen or values[place] - values[chosen[-1]] > noise:
            chosen.append(place)
    return chosen


def _trained(
    settings: TrainingSettings, drawn: list[Suggestion], population: int | None, seed: int
) -> tuple[np.ndarray, float]:
    with PooledEvaluator(settings, workers=2, population=population) as pool:
        pool.start()
        pool.seed = seed
        begun = time.monotonic()
        found = {result.id: result.metrics.get("accuracy", np.nan) for result in pool(drawn)}
        took = time.monotonic() - begun
    return np.array([found[number] for number in range(len(drawn))]), took


if __name__ == "__main__":
    main()
