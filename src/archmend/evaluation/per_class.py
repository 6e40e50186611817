"""Counts and rates of each class against the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archmend.evaluation.types import ClassFigures


def confusion_matrix(predicted: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Return counts (classes, classes): rows are the true classes, columns the predicted ones."""
    return np.bincount(y * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def class_figures(matrix: np.ndarray, names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """Return the figures of each class from a confusion matrix (true, predicted)."""
    total = int(matrix.sum())
    figures = []
    for index, name in enumerate(names):
        tp = int(matrix[index, index])
        fp = int(matrix[:, index].sum()) - tp
        fn = int(matrix[index].sum()) - tp
        figures.append(
            ClassFigures(
                name=name,
                precision=_ratio(tp, tp + fp),
                recall=_ratio(tp, tp + fn),
                f1=_ratio(2 * tp, 2 * tp + fp + fn),
                support=tp + fn,
                tp=tp,
                tn=total - tp - fp - fn,
                fp=fp,
                fn=fn,
            )
        )
    return tuple(figures)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
