"""Whether populations say of architectures what single trainings say: bias, and the order.

Usage: python -m benchmarks.speed.ranks --data mnist:mnist.npz [--count 30] [--epochs 1] [--max-params 100000]

Random architectures of `fc` are trained in one population and, with other orders of rows, one by one. Printed
are the paired difference of their validation accuracies and Spearman's rank correlation.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from archmend.datasets import open_data, write_prepared
from archmend.search import Suggestion
from archmend.spaces import create_space
from archmend.training import PooledEvaluator, TrainingSettings


def main() -> None:
    """Train on both ways and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--max-params", type=int, default=100_000)
    given = parser.parse_args()
    rng, space = np.random.default_rng(3), create_space("fc", input_shape=(28, 28, 1), classes=10)
    drawn = []
    while len(drawn) < given.count:
        architecture = space.sample(rng)
        if space.cost(architecture)["params"] <= given.max_params:
            drawn.append(Suggestion(len(drawn), architecture))
    with tempfile.TemporaryDirectory() as scratch:
        data = write_prepared(open_data(given.data), Path(scratch) / "data")
        settings = TrainingSettings(data, "fc", given.epochs)
        together, together_took = _trained(settings, drawn, -(-given.count // 2))
        alone, alone_took = _trained(settings, drawn, None)
    difference = together - alone
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    print(f"{given.count} architectures, {given.epochs} epochs: accuracy {together.mean():.4f} together")
    print(f"and {alone.mean():.4f} alone; difference {difference.mean():+.4f}, standard error {error:.4f}")
    print(f"Spearman {spearmanr(together, alone).statistic:.3f}")
    print(f"seconds together {together_took:.0f}, one by one with our own loop {alone_took:.0f}")


def _trained(
    settings: TrainingSettings, drawn: list[Suggestion], population: int | None
) -> tuple[np.ndarray, float]:
    with PooledEvaluator(settings, workers=2, population=population) as pool:
        pool.start()
        begun = time.monotonic()
        found = {result.id: result.metrics.get("accuracy", np.nan) for result in pool(drawn)}
        took = time.monotonic() - begun
    return np.array([found[number] for number in range(len(drawn))]), took


if __name__ == "__main__":
    main()
