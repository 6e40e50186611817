"""The split as a pure function, over many data sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.datasets import open_data
from archmend.datasets.split import split_rows
from archmend.datasets.types import Split

LABELS = st.integers(2, 5).flatmap(
    lambda classes: st.lists(st.integers(0, classes - 1), min_size=10, max_size=200).map(
        lambda drawn: np.array(sorted(list(range(classes)) * 3) + drawn)
    )
)


@settings(max_examples=60, deadline=None)
@given(y=LABELS, seed=st.integers(0, 1000), fractions=st.tuples(st.floats(0.05, 0.4), st.floats(0.05, 0.4)))
def test_parts_cover_every_row_once_and_every_class(
    y: np.ndarray, seed: int, fractions: tuple[float, float]
) -> None:
    names = tuple(str(i) for i in range(int(y.max()) + 1))
    split = Split(seed=seed, validation=fractions[0], test=fractions[1])
    parts = split_rows(y, names, "digest", split)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(y)))
    for rows in parts.values():
        assert set(y[rows]) == set(y)
    again = split_rows(y, names, "digest", split)
    assert all((parts[name] == again[name]).all() for name in parts)


def test_the_share_of_each_class_is_kept() -> None:
    y = np.repeat([0, 1, 2], [1000, 300, 50])
    parts = split_rows(y, ("a", "b", "c"), "digest", Split(seed=0, validation=0.15, test=0.15))
    for name in ("validation", "test"):
        counts = np.bincount(y[parts[name]])
        assert (np.abs(counts - np.array([150, 45, 7.5])) < 1).all()


def test_another_seed_or_other_data_is_another_split() -> None:
    y = np.arange(100) % 2
    other = Split(seed=1, validation=0.15, test=0.15)
    first = split_rows(y, ("a", "b"), "digest", Split(seed=0, validation=0.15, test=0.15))
    assert set(first["test"]) != set(split_rows(y, ("a", "b"), "digest", other)["test"])
    assert set(first["test"]) != set(split_rows(y, ("a", "b"), "another", other)["test"])


def test_split_and_digest_do_not_change_between_versions() -> None:
    # Registered models name these digests: a change would make every one of them unusable.
    info = open_data("digits").info
    assert info.digest[:12] == "c898e6f1e5bc"
    assert info.split_digest[:12] == "3ded18440796"
    assert info.test_digest[:12] == "cc047bf68a8b"
