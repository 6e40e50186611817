"""What watching costs: `archmend.repair.fit` on a healthy network beside Keras's own fit, in turn.

Usage: python benchmarks/healthy_repair.py [--data FILE.npz --rows N] [--watch light] [--epochs E]

Without --data on scikit-learn's digits; FILE.npz holds x_train and y_train, as Keras's mnist.npz does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from archmend.repair import fit
from archmend.repair.pace import PACES

Rows = tuple[np.ndarray, np.ndarray]


def main() -> None:
    given = _given()
    train, held_out = _rows(given.data, given.rows)
    plain, watched = [], []
    for seed in range(given.repeats):
        # In turn, and each first every other time: whoever comes second finds the files in memory.
        methods = [(plain, _plain), (watched, _watched)]
        for times, method in methods if seed % 2 == 0 else reversed(methods):
            times.append(_timed(lambda s=seed, m=method: m(s, train, held_out, given)))
        print(
            f"seed {seed}: plain {plain[-1]}, watched {watched[-1]} (seconds, CPU seconds, accuracy)",
            flush=True,
        )
    print(f"{len(train[0])} rows of {train[0].shape[1]} features, {given.epochs} epochs, watch {given.watch}")
    for place, clock in enumerate(("wall", "CPU")):
        ratios = [w[place] / p[place] for w, p in zip(watched, plain, strict=True)]
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{clock} seconds, watched / plain: median {statistics.median(ratios):.2f} {spread}")
    for name, rows in (("plain", plain), ("watched", watched)):
        print(f"validation accuracy, {name}: mean {statistics.mean(row[2] for row in rows):.4f}")


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--data", type=Path, default=None, help="an .npz with x_train and y_train")
    parser.add_argument("--rows", type=int, default=None, help="of the data, at most")
    parser.add_argument("--watch", choices=tuple(PACES), default="full")
    return parser.parse_args()


def _rows(file: Path | None, most: int | None) -> tuple[Rows, Rows]:
    """Return training and held-out rows, features from 0 to 1."""
    if file is None:
        x, y = load_digits(return_X_y=True)
    else:
        with np.load(file) as held:
            x, y = held["x_train"], held["y_train"]
    x, y = x[:most].reshape(len(x[:most]), -1), y[:most].astype("int64")
    x = (x / x.max()).astype("float32")
    x_train, x_held, y_train, y_held = train_test_split(x, y, test_size=0.3, random_state=0)
    return (x_train, y_train), (x_held, y_held)


def _model(seed: int, features: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    sizes = (64, 64) if features < 256 else (128, 64)
    layers = [keras.Input((features,)), *(keras.layers.Dense(units, "relu") for units in sizes)]
    model = keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _plain(seed: int, train: Rows, held_out: Rows, given: argparse.Namespace) -> float:
    history = _model(seed, train[0].shape[1]).fit(
        *train, epochs=given.epochs, batch_size=32, validation_data=held_out, verbose=0
    )
    return float(max(history.history["val_accuracy"]))


def _watched(seed: int, train: Rows, held_out: Rows, given: argparse.Namespace) -> float:
    model = _model(seed, train[0].shape[1])
    result = fit(model, train, held_out, epochs=given.epochs, batch_size=32, seed=seed, watch=given.watch)
    if result.decisions:
        print(f"  a healthy network was treated: {[d.symptom for d in result.decisions]}")
    return float(max(result.history["val_accuracy"]))


def _timed(work: Callable[[], float]) -> tuple[float, float, float]:
    clocks = (time.perf_counter, time.process_time)
    started = [clock() for clock in clocks]
    value = work()
    wall, cpu = (round(clock() - start, 2) for clock, start in zip(clocks, started, strict=True))
    return wall, cpu, round(value, 4)


if __name__ == "__main__":
    main()
