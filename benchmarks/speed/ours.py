"""Our own side: the workers that a search has, on the same networks."""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.speed.cases import Case

from archmend.search import Suggestion
from archmend.spaces import space_source
from archmend.training import PooledEvaluator, TrainingSettings


@dataclass(frozen=True)
class Timed:
    """What a population took.

    Attributes:
        start: seconds until the workers have TensorFlow and their data.
        seconds: from there to the last result. again: the same with the programs compiled by then.
        accuracies: of the validation part, by code.
        peak: largest resident memory of a worker, bytes.
    """

    start: float
    seconds: float
    again: float | None
    accuracies: dict[str, float]
    peak: int


def train(data: Path, case: Case, codes: list[str], *, workers: int, again: bool) -> Timed:
    """Train the networks in new workers."""
    space = case.opened()
    suggestions = [Suggestion(n, space.parse(code)) for n, code in enumerate(codes)]
    took, accuracies, begun = [], {}, 0.0
    with tempfile.TemporaryDirectory() as weights:
        settings = TrainingSettings(
            data, space_source(case.space), case.epochs, memory=512 << 20, weights=Path(weights)
        )
        population = -(-len(codes) // workers)
        for _ in range(2 if again else 1):
            with PooledEvaluator(settings, workers=workers, population=population) as pool:
                first = time.monotonic()
                pool.start()
                begun = begun or time.monotonic() - first
                first = time.monotonic()
                results = list(pool(suggestions))
                took.append(time.monotonic() - first)
            accuracies = {str(r.architecture): r.metrics.get("accuracy", float("nan")) for r in results}
    # In kilobytes on Linux; of the largest child that has ended.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return Timed(begun, took[0], took[1] if again else None, accuracies, peak)


def mean(values: dict[str, float]) -> float:
    """Return the mean of some accuracies."""
    return float(np.mean(list(values.values())))
