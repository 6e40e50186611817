"""What a trial gains from its parent's weights, and whether inheritance keeps the order of architectures.

Epochs: a parent is trained, then a child of one change, from scratch, from the overlap of its parent's
weights (by place, as slices of arrays would be) and from what it inherits. Said is how many epochs the two
latter need to reach what the first has after all of its own, and how many that saves. Children that grow from
their parents and the rest are told apart.

Order: random architectures are trained from scratch, again with other seeds, and one after another with
inheritance as `--inherit parent` chooses. The rank correlation of inherited values with those from scratch
stands beside that of the two trainings from scratch, which is what noise allows.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from archmend.datasets import encode, open_data
from archmend.networks import build, inherit, pin_threads, temper, weights_of
from archmend.networks.inheritance import STRUCTURE
from archmend.search import Suggestion, TrialResult
from archmend.search.inheriting import check_inheritance
from archmend.search.scores import rank_correlation
from archmend.spaces import Architecture, Space, create_space
from archmend.training import parent_chooser
from archmend.training.fitting import DeviceRows, Fitting

Weights = dict[str, np.ndarray]


class Bench:
    """The data, the space and a way to train in it."""

    def __init__(self, options: argparse.Namespace) -> None:
        prepared = open_data(options.data)
        info = prepared.info
        rows = slice(options.rows)
        parts = ((prepared.train, rows), (prepared.validation, slice(None)))
        self.train, self.validation = (DeviceRows(encode(info.encoding, p.x[r]), p.y[r]) for p, r in parts)
        self.labels = prepared.validation.y
        self.space: Space = create_space(
            options.space, input_shape=info.encoded_shape, classes=len(info.classes)
        )

    def trained(
        self, architecture: Architecture, epochs: int, seed: int, start: Weights | None = None
    ) -> tuple[list[float], Weights]:
        """Return the validation accuracy after each epoch, the first before any, and the weights."""
        import keras
        import tensorflow as tf

        model: Any = build(self.space, architecture, seed=seed)
        if start is not None and not inherit(model, start, seed=seed).preserved:
            temper(model, self.train.x, self.train.y)
        forward = tf.function(lambda: tf.argmax(model(self.validation.x, training=False), axis=1))

        def accuracy() -> float:
            return float(np.mean(forward().numpy() == self.labels))

        curve = [accuracy()]
        fitting = Fitting(model, self.train, batch_size=32, seed=seed)
        for _ in range(epochs):
            fitting.epoch()
            curve.append(accuracy())
        weights = weights_of(model)
        keras.backend.clear_session()
        return curve, weights


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits", help="digits, mnist:PATH or a file")
    parser.add_argument("--rows", type=int, help="of the training part (default: all)")
    parser.add_argument("--space", default="fc")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--pairs", type=int, default=20, help="parents and children")
    parser.add_argument("--architectures", type=int, default=30, help="for the order; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    pin_threads(1)
    started = time.perf_counter()
    bench = Bench(options)
    epochs_saved(bench, options)
    if options.architectures:
        order_kept(bench, options)
    print(f"took {time.perf_counter() - started:.0f} s")


def epochs_saved(bench: Bench, options: argparse.Namespace) -> None:
    """Print what children of one change save."""
    rng, found = np.random.default_rng(options.seed), dict[tuple[str, str], list[float]]()
    first = dict[tuple[str, str], list[float]]()
    for number in range(options.pairs):
        architecture = bench.space.sample(rng)
        child = bench.space.mutate(architecture, rng)
        seed = int(rng.integers(2**31))
        _, weights = bench.trained(architecture, options.epochs, seed)
        kind = "grown" if _grows(bench.space, architecture, child, weights) else "other"
        anew, _ = bench.trained(child, options.epochs, seed + 1)
        overlap = {place: value for place, value in weights.items() if place != STRUCTURE}
        for name, start in (("overlap", overlap), ("inherited", weights)):
            curve, _ = bench.trained(child, options.epochs, seed + 1, start)
            reached = [epoch for epoch, accuracy in enumerate(curve) if accuracy >= anew[-1]]
            needed = reached[0] if reached else options.epochs + 1
            found.setdefault((kind, name), []).append(options.epochs - needed)
            first.setdefault((kind, name), []).append(curve[1] - anew[1])
        print(f"pair {number}: {architecture} -> {child} ({kind})", flush=True)
    for (kind, name), saved in sorted(found.items()):
        low, middle, high = np.percentile(saved, [25, 50, 75])
        print(
            f"{kind}, {name}: {len(saved)} children save {middle:g} of {options.epochs} epochs in the median "
            f"(quartiles {low:g} to {high:g}; {np.mean(np.array(saved) < 0):.0%} do not get there in "
            f"{options.epochs}); after the first epoch {np.median(first[kind, name]):+.4f} accuracy"
        )


def order_kept(bench: Bench, options: argparse.Namespace) -> None:
    """Print how values under inheritance rank beside those from scratch."""
    rng = np.random.default_rng(options.seed + 1)
    architectures: dict[Architecture, None] = {}
    while len(architectures) < options.architectures:
        architectures.setdefault(bench.space.sample(rng))
    choose = parent_chooser("parent", bench.space)
    assert choose is not None
    results: list[TrialResult] = []
    scratch: list[list[float]] = [[], []]
    kept: dict[int, Weights] = {}
    for number, architecture in enumerate(architectures):
        parent = choose(Suggestion(number, architecture), results)
        start = None if parent is None else kept[parent]
        curve, kept[number] = bench.trained(architecture, options.epochs, number, start)
        results.append(TrialResult(number, architecture, curve[-1], epochs=options.epochs, parent=parent))
        for repeat in range(2):
            curve, _ = bench.trained(architecture, options.epochs, 1000 * (repeat + 1) + number)
            scratch[repeat].append(curve[-1])
        print(f"{architecture}: {results[-1].value:.4f}, {scratch[0][-1]:.4f}", flush=True)
    inherited = [float(r.value) for r in results if isinstance(r.value, float)]
    mean = [(a + b) / 2 for a, b in zip(*scratch, strict=True)]
    check = check_inheritance(results, dict(enumerate(scratch[0])))
    assert check is not None
    noise = rank_correlation(*scratch)
    print(f"rank correlation of two trainings from scratch: {noise:.3f}")
    print(f"rank correlation of inherited values with those from scratch: {check.agreement:.3f}")
    best = int(np.argmax(inherited))
    print(
        f"the best by inherited values is number {sorted(mean, reverse=True).index(mean[best]) + 1} of "
        f"{len(mean)} from scratch, {max(mean) - mean[best]:.4f} behind the best"
    )
    print(f"median of inherited less from scratch: {check.overestimate:+.4f}")


def _grows(space: Space, parent: Architecture, child: Architecture, weights: Weights) -> bool:
    return inherit(build(space, child), weights).preserved


if __name__ == "__main__":
    main()
