"""A start that is sure and wrong is made unsure, so that it is unlearned without harm."""

from __future__ import annotations

from typing import Any

import numpy as np

FACTORS = tuple(np.geomspace(1.0, 0.1, 15).tolist())
_WORSE_THAN_NOTHING = 1.2
"""So many times the loss of one who takes all classes for equally probable may a start have."""
_MOST_ROWS = 512


def temper(model: Any, rows: Any, labels: Any) -> float:
    """Scale a classifier's last layer until it errs hardly more than one who knows nothing.

    Weights that read something else than they were trained on may say nonsense with confidence. All gradients
    of the first steps then push one way, and of a narrow layer that rectifies most units are dead before they
    have learned anything. One factor for kernel and bias, at most 1 (as in temperature scaling: Guo, Pleiss,
    Sun, Weinberger, 2017), leaves every prediction as it is.

    Args:
        model: on encoded rows, with class probabilities as its output; changed in place. One whose last layer
            is no dense softmax is left as it is.
        rows: to train on, on the device; some of them, evenly spread, are predicted.
        labels: class indices (rows,).

    Returns:
        The factor; 1 where nothing was to be done.
    """
    import keras
    import tensorflow as tf

    output = model.layers[-1]
    if not isinstance(output, keras.layers.Dense) or output.activation is not keras.activations.softmax:
        return 1.0
    count = int(rows.shape[0])
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MOST_ROWS)).astype(np.int64))
    said = np.asarray(model(tf.gather(rows, chosen), training=False), dtype=np.float64)
    right = np.asarray(tf.gather(labels, chosen))
    # Logits but for a constant in each row, which changes no probability.
    logits = np.log(np.maximum(said, np.finfo(np.float32).tiny))
    most = _WORSE_THAN_NOTHING * np.log(logits.shape[1])
    factor = next((each for each in FACTORS if _loss(each * logits, right) <= most), FACTORS[-1])
    if factor < 1.0:
        for weight in output.weights:
            weight.assign(weight * factor)
    return factor


def _loss(logits: np.ndarray, labels: np.ndarray) -> float:
    highest = logits.max(axis=1, keepdims=True)
    total = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    return float((total - logits[np.arange(len(labels)), labels]).mean())
