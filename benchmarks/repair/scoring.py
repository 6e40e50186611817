"""The accuracy of a model on rows, whatever form its output has."""

from __future__ import annotations

import keras
import numpy as np

BATCH = 1000


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows whose class the model names.

    One unit says the second class above 0.5, above 0 where it gives a logit; several say the class of the
    largest. A row whose output is not finite counts as the first class, as Keras's own accuracy has it.

    Args:
        model: compiled.
        x: rows.
        y: their labels, as indices, one-hot, or one column of 0 and 1.
    """
    output = np.concatenate(
        [np.asarray(model(x[n : n + BATCH], training=False)) for n in range(0, len(x), BATCH)]
    )
    return float((predicted(output, threshold(model)) == classes(y)).mean())


def predicted(output: np.ndarray, threshold: float) -> np.ndarray:
    """Return the class of each row, the first one where the output is not finite."""
    said = (output[:, 0] > threshold).astype(int) if output.shape[1] == 1 else output.argmax(axis=1)
    return np.where(np.isfinite(output).all(axis=1), said, 0)


def classes(y: np.ndarray) -> np.ndarray:
    """Return class indices of labels in any form."""
    if y.ndim > 1 and y.shape[1] > 1:
        return y.argmax(axis=1)
    return y.reshape(len(y)).astype(int)


def threshold(model: keras.Model) -> float:
    """Return the output of one unit above which it says the second class."""
    config = model.loss.get_config() if hasattr(model.loss, "get_config") else {}
    activation = getattr(getattr(model.layers[-1], "activation", None), "__name__", "")
    return 0.0 if config.get("from_logits") and activation == "linear" else 0.5
