"""Searches with real training, archmend's beside its peers': same space, limit, trials, epochs and seeds.

Usage: python -m benchmarks.search.trained --data mnist:PATH [--space fc] [--max-params 100000] [--trials 50]
    [--epochs 1] [--seeds 5] [--searchers auto,keras-tuner] [--out trained]

What an architecture reaches under one seed is trained once and shown to every searcher that asks for it,
so that searchers differ by what they ask alone; it is kept in the output folder, from where an interrupted
benchmark goes on. archmend's strategies know the limit. A peer knows of none: what it asks over it is not
trained and not charged, and it is told the worst value so far, from which it can learn to stay below. After
three of those in a row it is given a random architecture within the limit, charged as if it had asked for it.

Said is the best validation accuracy of each search, which is what all of them look for, and the test accuracy
of that same network.
"""

from __future__ import annotations

import argparse
import json
import logging
import zlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.search.peers import KerasTunerBayesian, OptunaTPE, Ours, Searcher
from rich.console import Console
from rich.table import Table as Lines
from scipy.stats import ttest_rel

from archmend.datasets import Prepared, encode, open_data
from archmend.networks import build, pin_threads
from archmend.search import Budget, create_strategy
from archmend.spaces import Architecture, Space, create_space

OVER_THE_LIMIT = 3
"""Proposals in a row over the limit after which a peer is helped: KerasTuner asked for hundreds."""


class Trainer:
    """Trains architectures of a space on one prepared data set and remembers what came of it."""

    def __init__(self, data: Prepared, space: Space, epochs: int, batch_size: int, journal: Path) -> None:
        self._data, self._space = data, space
        self._epochs, self._batch_size = epochs, batch_size
        self._journal = journal
        self._known: dict[tuple[str, int], tuple[float, float]] = {}
        if journal.exists():
            for line in journal.read_text().splitlines():
                one = json.loads(line)
                self._known[one["architecture"], one["seed"]] = (one["validation"], one["test"])

    def accuracies(self, architecture: Architecture, seed: int) -> tuple[float, float]:
        """Return the accuracy on the validation and on the test part; from scratch, by this seed's draws."""
        key = (str(architecture), seed)
        if key not in self._known:
            self._known[key] = found = self._train(architecture, zlib.crc32(repr(key).encode()))
            line = {"architecture": key[0], "seed": seed, "validation": found[0], "test": found[1]}
            with self._journal.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return self._known[key]

    @cached_property
    def _parts(self) -> Any:
        from archmend.training.fitting import DeviceRows

        encoding = self._data.info.encoding
        parts = (self._data.train, self._data.validation, self._data.test)
        return [(DeviceRows(encode(encoding, part.x), part.y), part.y) for part in parts]

    def _train(self, architecture: Architecture, seed: int) -> tuple[float, float]:
        import keras
        import tensorflow as tf

        from archmend.training.fitting import Fitting

        (train, _), *looked_at = self._parts
        model: Any = build(self._space, architecture, seed=seed)
        fitting = Fitting(model, train, batch_size=self._batch_size, seed=seed)
        for _ in range(self._epochs):
            fitting.epoch()
        found = []
        for rows, labels in looked_at:
            forward = tf.function(lambda x: tf.argmax(model(x, training=False), axis=1))
            found.append(float(np.mean(forward(rows.x).numpy() == labels)))
        keras.backend.clear_session()
        return found[0], found[1]


def searched(
    searcher: Searcher, space: Space, budget: Budget, trainer: Trainer, seed: int, trials: int
) -> tuple[float, float]:
    """Return validation and test accuracy of the trial with the best validation accuracy."""
    seen: list[tuple[float, float]] = []
    over, helping = 0, create_strategy("random", space, seed + 1000, budget=budget)
    while len(seen) < trials:
        architecture = searcher.ask()
        if architecture is None:
            break
        if budget.excess(space.cost(architecture)) is None:
            over = 0
            seen.append(trainer.accuracies(architecture, seed))
            searcher.tell(seen[-1][0])
            continue
        over += 1
        searcher.tell(min((validation for validation, _ in seen), default=0.0))
        if over == OVER_THE_LIMIT:
            over = 0
            given = helping.ask(1)[0].architecture
            seen.append(trainer.accuracies(given, seed))
            assert isinstance(searcher, KerasTunerBayesian | OptunaTPE), "archmend's know the limit"
            searcher.insert(given, seen[-1][0])
    return max(seen)


def made(name: str, space: Space, budget: Budget, seed: int) -> Searcher:
    """Return a searcher by its name."""
    if name == "keras-tuner":
        return KerasTunerBayesian(space, seed)
    if name == "optuna-tpe":
        return OptunaTPE(space, seed)
    return Ours(create_strategy(name, space, seed, budget=budget))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits", help="digits, mnist:PATH or a file")
    parser.add_argument("--space", default="fc")
    parser.add_argument("--max-params", type=int, default=100_000)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--searchers", default="auto,keras-tuner,optuna-tpe,random")
    parser.add_argument("--out", type=Path, default=Path("trained"))
    given = parser.parse_args()
    pin_threads(1)
    # One function a network is what this does; TensorFlow takes it for one that is traced too often.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    given.out.mkdir(parents=True, exist_ok=True)
    data = open_data(given.data)
    info = data.info
    space = create_space(given.space, input_shape=info.encoded_shape, classes=len(info.classes))
    budget = Budget(trials=given.trials, params=given.max_params)
    journal = given.out / f"{given.space}-{given.epochs}-{given.batch_size}-{info.digest[:12]}.jsonl"
    trainer = Trainer(data, space, given.epochs, given.batch_size, journal)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in given.searchers.split(",")}
    for seed in range(given.seeds):
        for name, results in found.items():
            searcher = made(name, space, budget, seed)
            results.append(searched(searcher, space, budget, trainer, seed, given.trials))
            print(
                f"seed {seed} {name}: validation {results[-1][0]:.4f}, test {results[-1][1]:.4f}", flush=True
            )
    say(
        found,
        f"{given.data}: {given.trials} trials of {given.epochs} epochs within {given.max_params} parameters",
    )


def say(found: dict[str, list[tuple[float, float]]], title: str) -> None:
    """Print means, standard errors over the seeds, and the paired comparison with the first searcher."""
    first, *_ = found
    lines = Lines(title=title)
    for column in (
        "searcher",
        "validation accuracy",
        "test accuracy",
        f"{first} is higher by",
        "p (paired t)",
    ):
        lines.add_column(column)
    ours = np.array(found[first])
    for name, results in found.items():
        theirs = np.array(results)
        cells = [_mean(theirs[:, 0]), _mean(theirs[:, 1])]
        if name != first and len(theirs) > 1:
            gap = ours[:, 0] - theirs[:, 0]
            cells += [f"{gap.mean():+.4f}", f"{ttest_rel(ours[:, 0], theirs[:, 0]).pvalue:.3f}"]
        lines.add_row(name, *cells)
    Console(width=120).print(lines)


def _mean(values: np.ndarray) -> str:
    error = f" ± {values.std(ddof=1) / np.sqrt(len(values)):.4f}" if len(values) > 1 else ""
    return f"{values.mean():.4f}{error}"


if __name__ == "__main__":
    main()
