"""The stratified split: a pure function of the data's digest, the split seed and the fractions."""

from __future__ import annotations

import hashlib

import numpy as np

from archmend.datasets.types import PartName, Split
from archmend.errors import BadInput


def check_split(split: Split) -> None:
    """Refuse fractions that leave a part empty, or a seed that is no seed.

    Raises:
        BadInput: with the flag and its value.
    """
    if split.seed < 0:
        raise BadInput(f"--split-seed must be a whole number of at least 0, got {split.seed}")
    for flag, value in (("--validation", split.validation), ("--test", split.test)):
        if not 0 < value < 1 and not (flag == "--test" and split.given_test):
            raise BadInput(f"{flag} must be a fraction above 0 and below 1, got {value}")
    if split.validation + split.test >= 1:
        raise BadInput(
            f"--validation {split.validation} and --test {split.test} leave nothing to train on; "
            "their sum must be below 1"
        )


def split_rows(
    y: np.ndarray, classes: tuple[str, ...], digest: str, split: Split
) -> dict[PartName, np.ndarray]:
    """Return the row numbers of each part, ascending; without `test` where the data brings its own.

    Every class has at least one row in every part, and its share of a part differs from its share of the
    whole by less than one row, unless that minimum forces more.

    Args:
        y: class indices (rows,).
        classes: their names.
        digest: of the data's content.
        split: seed and fractions.

    Raises:
        BadInput: a class with fewer rows than there are parts.
    """
    parts = 2 if split.given_test else 3
    counts = np.bincount(y, minlength=len(classes))
    smallest = int(counts.argmin())
    if counts[smallest] < parts:
        raise BadInput(
            f"class {classes[smallest]!r} has {counts[smallest]} rows and a split into {parts} parts needs "
            f"at least {parts}; add rows of it or leave the class out"
        )
    test = np.zeros_like(counts) if split.given_test else _shares(counts, split.test, counts - 2)
    validation = _shares(counts, split.validation, counts - test - 1)
    seed = hashlib.sha256(f"{digest}:{split.seed}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed, "little"))
    chosen: dict[PartName, list[np.ndarray]] = {"train": [], "validation": [], "test": []}
    by_class = np.split(np.argsort(y, kind="stable"), np.cumsum(counts)[:-1])
    for label, members in enumerate(by_class):
        shuffled = rng.permutation(members)
        first, second = test[label], test[label] + validation[label]
        chosen["test"].append(shuffled[:first])
        chosen["validation"].append(shuffled[first:second])
        chosen["train"].append(shuffled[second:])
    if split.given_test:
        del chosen["test"]
    return {name: np.sort(np.concatenate(rows)) for name, rows in chosen.items()}


def _shares(counts: np.ndarray, fraction: float, most: np.ndarray) -> np.ndarray:
    """Share `fraction` of all rows among the classes by largest remainder, at least one row a class."""
    quota = counts * fraction
    shares = np.floor(quota).astype(np.int64)
    left = round(float(quota.sum())) - int(shares.sum())
    shares[np.argsort(shares - quota, kind="stable")[: max(left, 0)]] += 1
    return np.clip(shares, 1, most)
