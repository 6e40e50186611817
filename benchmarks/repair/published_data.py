"""The data sets of the published cases, exactly as the cases' README says."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from benchmarks.repair.case import Case
from benchmarks.repair.parts import Parts, labelled
from sklearn.datasets import make_blobs, make_circles

TRAIN_ROWS, VALIDATION_ROWS, FRESH_ROWS = 700, 300, 10_000
"""Of circle and blob; the fresh points are the ones that accuracy is scored on."""
IMAGE_TRAIN, IMAGE_VALIDATION = 10_000, 2_000
"""Training rows of MNIST that train and that validate; its test rows score."""

Split = tuple[tuple[np.ndarray, np.ndarray], ...]


def circle() -> Split:
    """Two noisy circles; the Bayes-optimal classifier reaches 0.841 on the fresh points."""
    rows = TRAIN_ROWS + VALIDATION_ROWS
    x, y = make_circles(rows, noise=0.1, random_state=1)
    fresh = make_circles(FRESH_ROWS, noise=0.1, random_state=1001)
    return (x[:TRAIN_ROWS], y[:TRAIN_ROWS]), (x[TRAIN_ROWS:], y[TRAIN_ROWS:]), fresh


def circle_scaled() -> Split:
    """The same, each feature from -1 to 1 on the rows that train and validate."""
    (x, y), (held_x, held_y), (fresh_x, fresh_y) = circle()
    known = np.concatenate([x, held_x])
    low, high = known.min(axis=0), known.max(axis=0)

    def scaled(values: np.ndarray) -> np.ndarray:
        return 2 * (values - low) / (high - low) - 1

    return (scaled(x), y), (scaled(held_x), held_y), (scaled(fresh_x), fresh_y)


def blob() -> Split:
    """Three overlapping clusters; the Bayes-optimal classifier reaches 0.823 on the fresh points."""
    rows = TRAIN_ROWS + VALIDATION_ROWS
    x, y, centers = make_blobs(
        rows, centers=3, n_features=2, cluster_std=2, random_state=2, return_centers=True
    )
    rng = np.random.default_rng(1002)
    fresh_y = rng.integers(0, 3, FRESH_ROWS)
    fresh_x = centers[fresh_y] + rng.normal(0, 2, (FRESH_ROWS, 2))
    return (x[:TRAIN_ROWS], y[:TRAIN_ROWS]), (x[TRAIN_ROWS:], y[TRAIN_ROWS:]), (fresh_x, fresh_y)


PLANE = {"circle": (circle, 2), "circle_scaled": (circle_scaled, 2), "blob": (blob, 3)}
"""Data sets that are drawn: how, and their number of classes."""
IMAGES = ("mnist", "cifar10")
"""Data sets of MNIST's images; `cifar10` has them in CIFAR-10's shape, as that data itself is not at hand."""


def mnist_file(folder: Path) -> Path:
    """Return where MNIST lies beside the folder of the cases."""
    return folder.parent.parent / "data" / "mnist.npz"


def parts(case: Case, folder: Path) -> Parts:
    """Return the rows of a published case; `folder` is where the cases lie.

    Raises:
        FileNotFoundError: MNIST is not there.
    """
    if case.data in PLANE:
        draw, classes = PLANE[case.data]
        return Parts(*((x.astype("float32"), labelled(case, y, classes)) for x, y in draw()))
    made = []
    for x, y in _images(mnist_file(folder)):
        pixels = x.astype("float32") / 255
        if case.data == "cifar10":
            padded = np.pad(pixels, ((0, 0), (2, 2), (2, 2)))
            pixels = np.repeat(padded[..., None], 3, axis=-1)
        made.append((pixels.reshape(-1, *case.input_shape), labelled(case, y, 10)))
    return Parts(*made)


@cache
def _images(path: Path) -> Split:
    with np.load(path) as held:
        x, y = held["x_train"], held["y_train"]
        fresh = held["x_test"], held["y_test"]
    end = IMAGE_TRAIN + IMAGE_VALIDATION
    return (x[:IMAGE_TRAIN], y[:IMAGE_TRAIN]), (x[IMAGE_TRAIN:end], y[IMAGE_TRAIN:end]), fresh
