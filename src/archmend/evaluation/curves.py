"""ROC and precision-recall curves of each class against the rest, with a bounded number of points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from archmend.evaluation.types import PrecisionRecallCurve, RocCurve

# All curves of one kind together stay below about 3,000 points, so that a report stays small.
_POINTS_TOGETHER, _MOST, _FEWEST = 3000, 101, 11
# Where nothing counts as positive: scikit-learn says infinity there, which JSON and kfp cannot hold.
_ABOVE_ALL = float(np.nextafter(1.0, 2.0))


def roc_curves(probabilities: np.ndarray, y: np.ndarray, names: Sequence[str]) -> tuple[RocCurve, ...]:
    """Return a curve a class from probabilities (rows, classes) and class indices (rows,)."""
    curves = []
    for index, name in enumerate(names):
        positive, score = y == index, probabilities[:, index]
        if positive.all() or not positive.any():
            curves.append(RocCurve(name=name, auc=None, fpr=(), tpr=(), thresholds=()))
            continue
        fpr, tpr, thresholds = roc_curve(positive, score)
        kept = _thinned(fpr, tpr, _points(names))
        curves.append(
            RocCurve(
                name=name,
                auc=_fraction(roc_auc_score(positive, score)),
                fpr=_floats(fpr[kept]),
                tpr=_floats(tpr[kept]),
                thresholds=_floats(np.where(np.isfinite(thresholds), thresholds, _ABOVE_ALL)[kept]),
            )
        )
    return tuple(curves)


def precision_recall_curves(
    probabilities: np.ndarray, y: np.ndarray, names: Sequence[str]
) -> tuple[PrecisionRecallCurve, ...]:
    """Return a curve a class from probabilities (rows, classes) and class indices (rows,)."""
    curves = []
    for index, name in enumerate(names):
        positive, score = y == index, probabilities[:, index]
        if not positive.any():
            curves.append(
                PrecisionRecallCurve(
                    name=name, average_precision=None, precision=(), recall=(), thresholds=()
                )
            )
            continue
        precision, recall, thresholds = precision_recall_curve(positive, score)
        precision, recall = precision[::-1], recall[::-1]
        thresholds = np.concatenate(([_ABOVE_ALL], thresholds[::-1]))
        kept = _thinned(recall, precision, _points(names))
        curves.append(
            PrecisionRecallCurve(
                name=name,
                average_precision=_fraction(average_precision_score(positive, score)),
                precision=_floats(precision[kept]),
                recall=_floats(recall[kept]),
                thresholds=_floats(thresholds[kept]),
            )
        )
    return tuple(curves)


def _points(names: Sequence[str]) -> int:
    return max(_FEWEST, min(_MOST, _POINTS_TOGETHER // len(names)))


def _thinned(x: np.ndarray, y: np.ndarray, points: int) -> np.ndarray:
    """Return indices of at most `points` points, evenly along the curve's length, both ends among them."""
    if len(x) <= points:
        return np.arange(len(x))
    length = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    return np.unique(
        np.concatenate((np.searchsorted(length, np.linspace(0.0, length[-1], points - 1)), [len(x) - 1]))
    )


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _fraction(value: float) -> float:
    """Return a sum of fractions that rounding may have taken just above 1."""
    return min(float(value), 1.0)
