"""Small data sets of scikit-learn, for generated networks: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from benchmarks.repair.case import Case
from benchmarks.repair.parts import Parts, labelled
from sklearn import datasets
from sklearn.model_selection import train_test_split

SCALES = ("standard", "raw", "large", "shifted")
"""`standard`: mean 0 and deviation 1 on the training rows; `raw`: as the data came; `large`: standard times
1000; `shifted`: standard plus 100."""


@dataclass(frozen=True)
class Source:
    """A data set: how it is read, its classes, and the shape of a row as an image where it is one."""

    read: Callable[[], tuple[np.ndarray, np.ndarray]]
    features: int
    classes: int
    image: tuple[int, int, int] | None = None


def _bunch(load: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    return lambda: load(return_X_y=True)


SOURCES: dict[str, Source] = {
    "digits": Source(_bunch(datasets.load_digits), 64, 10, (8, 8, 1)),
    "wine": Source(_bunch(datasets.load_wine), 13, 3),
    "cancer": Source(_bunch(datasets.load_breast_cancer), 30, 2),
    "iris": Source(_bunch(datasets.load_iris), 4, 3),
    "moons": Source(lambda: datasets.make_moons(1500, noise=0.2, random_state=11), 2, 2),
    "quantiles": Source(
        lambda: datasets.make_gaussian_quantiles(n_samples=1500, n_features=4, n_classes=3, random_state=12),
        4,
        3,
    ),
    "hastie": Source(lambda: _hastie(), 10, 2),
    "clusters": Source(
        lambda: datasets.make_classification(
            1500, 20, n_informative=8, n_classes=4, class_sep=1.5, random_state=13
        ),
        20,
        4,
    ),
    "spirals": Source(lambda: _spirals(), 2, 3),
}


def parts(case: Case) -> Parts:
    """Return 60 % to train, 20 % to validate and 20 % to score, split once for each data set."""
    source = SOURCES[case.data]
    train, validation, fresh = _split(case.data)
    first = slice(case.rows)
    features = [train[0][first], validation[0], fresh[0]]
    labels = [train[1][first], validation[1], fresh[1]]
    done = []
    for x, y in zip(_scaled(features, case.scale), labels, strict=True):
        done.append((x.reshape(-1, *case.input_shape).astype("float32"), labelled(case, y, source.classes)))
    return Parts(*done)


def training_rows(name: str) -> int:
    """Return how many rows of a data set train."""
    return len(_split(name)[0][1])


@cache
def _split(name: str) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    x, y = SOURCES[name].read()
    x, held_x, y, held_y = train_test_split(x, y, test_size=0.4, stratify=y, random_state=0)
    validation_x, fresh_x, validation_y, fresh_y = train_test_split(
        held_x, held_y, test_size=0.5, stratify=held_y, random_state=0
    )
    return (x, y), (validation_x, validation_y), (fresh_x, fresh_y)


def _scaled(features: list[np.ndarray], scale: str) -> list[np.ndarray]:
    if scale == "raw":
        return features
    mean = features[0].mean(axis=0)
    deviation = np.maximum(features[0].std(axis=0), 1e-3)
    factor, shift = {"standard": (1, 0), "large": (1000, 0), "shifted": (1, 100)}[scale]
    return [(x - mean) / deviation * factor + shift for x in features]


def _hastie() -> tuple[np.ndarray, np.ndarray]:
    x, y = datasets.make_hastie_10_2(2000, random_state=14)
    return x, (y > 0).astype(int)


def _spirals() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(15)
    classes = np.arange(1500) % 3
    radius = rng.uniform(0.1, 1, 1500)
    angle = 4 * radius + classes * 2 * np.pi / 3 + rng.normal(0, 0.15, 1500)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), classes
