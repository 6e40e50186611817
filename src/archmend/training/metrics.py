"""What is measured of a classifier's probabilities, in NumPy."""

from __future__ import annotations

import numpy as np

_SMALLEST = 1e-7
"""Keras's own floor below the logarithm."""


def classification_metrics(probabilities: np.ndarray, y: np.ndarray, classes: int) -> dict[str, float]:
    """Return `accuracy`, `average_precision` and `loss` of predicted probabilities.

    Args:
        probabilities: (rows, classes).
        y: class indices (rows,).
        classes: how many there are.

    Returns:
        accuracy: fraction of rows whose most probable class is theirs. average_precision: mean over the
        classes that have rows, each against the rest (the step-wise area under the precision-recall
        curve). loss: mean cross-entropy in nats.
    """
    picked = np.clip(probabilities[np.arange(len(y)), y], _SMALLEST, 1.0)
    precisions = [
        average_precision(y == label, probabilities[:, label])
        for label in range(classes)
        if (y == label).any()
    ]
    return {
        "accuracy": float((probabilities.argmax(axis=1) == y).mean()),
        "average_precision": float(np.mean(precisions)),
        "loss": float(-np.log(picked).mean()),
    }


def average_precision(right: np.ndarray, scores: np.ndarray) -> float:
    """Return the step-wise area under the precision-recall curve.

    It is what scikit-learn's `average_precision_score` is, which takes several times as long for its checks.

    Args:
        right: whether each row is of the class, (rows,); one is at least.
        scores: of it, the larger the surer; equal ones are one step.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    steps = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    found = np.cumsum(right[order])[steps]
    return float((np.diff(found, prepend=0) * (found / (steps + 1))).sum() / found[-1])


def confusion_counts(probabilities: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """Return true positives, true negatives, false positives and false negatives of each class.

    Args:
        probabilities: (rows, classes).
        y: class indices (rows,).
        classes: how many there are.

    Returns:
        Counts (classes, 4), int64.
    """
    chosen = probabilities.argmax(axis=1)
    labels = np.arange(classes)[:, None]
    is_it, said_it = y[None, :] == labels, chosen[None, :] == labels
    counted = ((is_it & said_it), (~is_it & ~said_it), (~is_it & said_it), (is_it & ~said_it))
    return np.stack([part.sum(axis=1) for part in counted], axis=1).astype(np.int64)
