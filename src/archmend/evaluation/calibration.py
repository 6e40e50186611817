"""How far a model's confidence is from its accuracy."""

from __future__ import annotations

import numpy as np


def expected_calibration_error(probabilities: np.ndarray, y: np.ndarray, bins: int = 15) -> float:
    """Return the expected calibration error, 0..1.

    The rows are put into `bins` intervals of equal width, (0, 1/bins], (1/bins, 2/bins], ..., by the
    confidence, which is the predicted class's probability. The error is the mean over the rows of the
    gap between their interval's accuracy and its mean confidence. C. Guo, G. Pleiss, Y. Sun,
    K. Q. Weinberger: On Calibration of Modern Neural Networks, ICML 2017, equation 3, with their 15 bins.

    Args:
        probabilities: (rows, classes).
        y: class indices (rows,).
        bins: number of intervals.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == y
    interval = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(interval, weights=correct - confidence, minlength=bins)
    return min(1.0, float(np.abs(gaps).sum() / len(y)))
