from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from archmend.evaluation import precision_recall_curves, roc_curves


def case(seed: int, rows: int, classes: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with ties (rounded to `levels`), better than chance, and their labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=rows)
    scores = np.round((rng.random((rows, classes)) + 0.7 * np.eye(classes)[y]) * levels) + 1e-3
    return scores / scores.sum(axis=1, keepdims=True), y


cases = st.builds(
    case, st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(2, 4), st.sampled_from([2, 10, 1000])
)


@settings(max_examples=50)
@given(cases)
def test_roc(given_case: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, y = given_case
    names = [f"c{i}" for i in range(probabilities.shape[1])]
    for index, curve in enumerate(roc_curves(probabilities, y, names)):
        positive, score = y == index, probabilities[:, index]
        if positive.all() or not positive.any():
            assert (curve.auc, curve.fpr, curve.tpr, curve.thresholds) == (None, (), (), ())
            continue
        assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)
        assert len(curve.fpr) == len(curve.tpr) == len(curve.thresholds) <= 101
        assert np.isfinite(curve.thresholds).all()
        assert list(curve.fpr) == sorted(curve.fpr)
        assert list(curve.thresholds) == sorted(curve.thresholds, reverse=True)
        for fpr, tpr, threshold in zip(curve.fpr, curve.tpr, curve.thresholds, strict=True):
            assert fpr == pytest.approx(np.mean(score[~positive] >= threshold))
            assert tpr == pytest.approx(np.mean(score[positive] >= threshold))
        assert curve.auc == pytest.approx(metrics.roc_auc_score(positive, score))
        assert metrics.auc(curve.fpr, curve.tpr) == pytest.approx(curve.auc, abs=0.02)


@settings(max_examples=50)
@given(cases)
def test_precision_recall(given_case: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, y = given_case
    names = [f"c{i}" for i in range(probabilities.shape[1])]
    for index, curve in enumerate(precision_recall_curves(probabilities, y, names)):
        positive, score = y == index, probabilities[:, index]
        if not positive.any():
            assert (curve.average_precision, curve.precision) == (None, ())
            continue
        assert (curve.precision[0], curve.recall[0], curve.recall[-1]) == (1, 0, 1)
        assert len(curve.precision) == len(curve.recall) == len(curve.thresholds) <= 101
        assert list(curve.recall) == sorted(curve.recall)
        for precision, recall, threshold in list(
            zip(curve.precision, curve.recall, curve.thresholds, strict=True)
        )[1:]:
            chosen = score >= threshold
            assert precision == pytest.approx(positive[chosen].mean())
            assert recall == pytest.approx(chosen[positive].mean())
        expected = metrics.average_precision_score(positive, score)
        assert curve.average_precision == pytest.approx(expected)


def test_many_rows_are_thinned_but_keep_their_area() -> None:
    probabilities, y = case(0, 5000, 10, 10**6)
    names = [str(i) for i in range(10)]
    for roc, pr in zip(
        roc_curves(probabilities, y, names), precision_recall_curves(probabilities, y, names), strict=True
    ):
        assert 50 <= len(roc.fpr) <= 101
        assert 50 <= len(pr.recall) <= 101
        assert metrics.auc(roc.fpr, roc.tpr) == pytest.approx(roc.auc, abs=5e-3)
        assert metrics.auc(pr.recall, pr.precision) == pytest.approx(pr.average_precision, abs=1e-2)


def test_many_classes_stay_small_together() -> None:
    probabilities, y = case(1, 1000, 200, 10**6)
    curves = roc_curves(probabilities, y, [str(i) for i in range(200)])
    assert sum(len(c.fpr) for c in curves) <= 200 * 15
