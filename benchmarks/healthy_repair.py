"""What watching costs: `archmend.repair.fit` on a healthy network beside Keras's own fit, in turn.

Usage: python benchmarks/healthy_repair.py [--repeats N] [--epochs E]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from archmend.repair import fit

Rows = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    arguments = parser.parse_args()
    digits = load_digits()
    x = (digits.data / 16).astype("float32")
    x_train, x_held, y_train, y_held = train_test_split(x, digits.target, test_size=0.3, random_state=0)
    train, held_out = (x_train, y_train), (x_held, y_held)
    plain, watched = [], []
    for seed in range(arguments.repeats):
        plain.append(_timed(lambda s=seed: _plain(s, train, held_out, arguments.epochs)))
        watched.append(_timed(lambda s=seed: _watched(s, train, held_out, arguments.epochs)))
        print(
            f"seed {seed}: plain {plain[-1]}, watched {watched[-1]} (seconds, validation accuracy)",
            flush=True,
        )
    ratios = [w[0] / p[0] for w, p in zip(watched, plain, strict=True)]
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"seconds, watched / plain: median {statistics.median(ratios):.2f} {spread}")
    for name, rows in (("plain", plain), ("watched", watched)):
        print(f"validation accuracy, {name}: mean {statistics.mean(row[1] for row in rows):.4f}")


def _model(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(64, "relu")]
    model = keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _plain(seed: int, train: Rows, held_out: Rows, epochs: int) -> float:
    history = _model(seed).fit(*train, epochs=epochs, batch_size=32, validation_data=held_out, verbose=0)
    return float(max(history.history["val_accuracy"]))


def _watched(seed: int, train: Rows, held_out: Rows, epochs: int) -> float:
    result = fit(_model(seed), train, held_out, epochs=epochs, batch_size=32, seed=seed)
    if result.decisions:
        print(f"  a healthy network was treated: {[d.symptom for d in result.decisions]}")
    return float(max(result.history["val_accuracy"]))


def _timed(work: Callable[[], float]) -> tuple[float, float]:
    started = time.perf_counter()
    value = work()
    return round(time.perf_counter() - started, 2), round(value, 4)


if __name__ == "__main__":
    main()
