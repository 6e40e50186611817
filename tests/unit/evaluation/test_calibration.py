from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archmend.evaluation import expected_calibration_error


def binary(confidences: list[float]) -> np.ndarray:
    """Rows that predict class 1 with the given confidences (above one half)."""
    second = np.array(confidences)
    return np.stack((1 - second, second), axis=1)


@pytest.mark.parametrize(
    ("confidences", "labels", "error"),
    [
        ([1.0, 1.0], [1, 1], 0.0),
        ([1.0, 1.0], [0, 0], 1.0),
        ([1.0, 1.0], [1, 0], 0.5),
        ([0.75, 0.75, 0.75, 0.75], [1, 1, 1, 0], 0.0),
        # Two intervals: half of the rows are 0.1 too sure, the other half 0.1 too unsure.
        ([0.6, 0.6, 0.9, 0.9], [1, 0, 1, 1], 0.5 * 0.1 + 0.5 * 0.1),
        # One interval: 0.15 too unsure and 0.85 too sure do not add up, they are averaged first.
        ([0.85, 0.85], [1, 0], 0.35),
    ],
)
def test_by_hand(confidences: list[float], labels: list[int], error: float) -> None:
    assert expected_calibration_error(binary(confidences), np.array(labels)) == pytest.approx(error)


def test_an_edge_belongs_to_the_interval_below() -> None:
    """With two intervals 0.5 is in (0, 0.5], apart from 0.6: the gaps do not cancel."""
    probabilities = np.array([[0.5, 0.3, 0.2], [0.6, 0.2, 0.2]])
    error = expected_calibration_error(probabilities, np.array([0, 1]), bins=2)
    assert error == pytest.approx(0.5 * 0.5 + 0.5 * 0.6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 5), st.integers(1, 20))
def test_against_the_definition(seed: int, rows: int, classes: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(classes), size=rows)
    y = rng.integers(classes, size=rows)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    expected = 0.0
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            expected += inside.sum() / rows * abs(correct[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(probabilities, y, bins) == pytest.approx(expected, abs=1e-9)
