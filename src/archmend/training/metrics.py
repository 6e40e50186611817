"""What is measured of a classifier's probabilities, in NumPy and scikit-learn."""

from __future__ import annotations

import warnings

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
    from sklearn.metrics import average_precision_score

    picked = np.clip(probabilities[np.arange(len(y)), y], _SMALLEST, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class without rows, which is left out here
        precisions = [
            average_precision_score(y == label, probabilities[:, label])
            for label in range(classes)
            if (y == label).any()
        ]
    return {
        "accuracy": float((probabilities.argmax(axis=1) == y).mean()),
        "average_precision": float(np.mean(precisions)),
        "loss": float(-np.log(picked).mean()),
    }


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
