"""What is computed of one layer's outputs, weights and features, as plain numbers.

In NumPy and not in the compiled pass that brings them: the fifty small operations a layer would have to be
traced and optimised anew for each model, and run no faster there.
"""

from __future__ import annotations

import numpy as np

DORMANT_SCORE = 0.025
"""A unit is dormant at or below this ReDo score: the middle of the 0 to 0.1 that the paper tries."""
ENTROPY_FACTOR = float(np.pi * np.e)
RANK_ROWS = 256
"""Rows (or positions of an image) from which a layer's effective rank is measured, at most."""
NEAR_BOUND = 0.01
"""Share of an activation's range within which an output counts as saturated."""
SAME_GRADIENT = 1e-4
"""Relative difference up to which two units' gradients are one: sums in another order differ by less."""

_BOUNDS = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0)}


def of_weights(kernel: np.ndarray, gradient: np.ndarray, decay: np.ndarray | None) -> dict[str, float]:
    """Return the measures of a kernel (..., units), its gradient, and that of its penalty if it has one."""
    units = kernel.shape[-1]
    kernel, gradient = kernel.reshape(-1, units), gradient.reshape(-1, units)
    found = {
        "gradient_norm": _norm(gradient),
        "weight_norm": _norm(kernel),
        "decay_norm": 0.0 if decay is None else _norm(decay),
    }
    if units > 1:
        same = (kernel == kernel[:, :1]).all(axis=0)
        apart = np.abs(gradient - gradient[:, :1]).max(axis=0)
        moved = apart <= SAME_GRADIENT * np.abs(gradient).max()
        found |= {"identical": float(same[1:].mean()), "alike": float((same & moved)[1:].mean())}
    return found


def of_outputs(values: np.ndarray, activation: str) -> dict[str, float]:
    """Return the measures of a layer's outputs (rows, units)."""
    size = np.abs(values).mean(axis=0)
    score = size / max(float(size.mean()), float(np.finfo(np.float32).tiny))
    found = {
        "entropy": float((0.5 * np.log(ENTROPY_FACTOR * values.var(axis=0) + 1)).mean()),
        "dormant": float((score <= DORMANT_SCORE).mean()),
        "inactive": float((size == 0).mean()),
        "scale": float(np.sqrt(np.square(values).mean())),
        "rank": _rank(values),
    }
    if activation in _BOUNDS:
        low, high = _BOUNDS[activation]
        margin = NEAR_BOUND * (high - low)
        found["saturated"] = float(((values < low + margin) | (values > high - margin)).mean())
    return found


def of_head(values: np.ndarray) -> dict[str, float]:
    """Return the measures of the network's outputs (rows, units)."""
    if values.shape[1] == 1:
        above = float((values > 0.5).mean())
        commonest = max(above, 1 - above)
    else:
        commonest = float(np.bincount(values.argmax(axis=1)).max() / len(values))
    return {
        "low": float(values.min()),
        "high": float(values.max()),
        "row_sum": float(values.sum(axis=1).mean()),
        "commonest": commonest,
    }


def of_inputs(values: np.ndarray) -> dict[str, float]:
    """Return the measures of features (rows, features)."""
    deviation = values.std(axis=0)
    varying = deviation[deviation > 0]
    return {
        "input_mean": float(np.abs(values.mean(axis=0)).max()),
        "input_scale": float(np.sqrt(np.square(values).mean(axis=0).max())),
        "input_least": float(varying.min()) if varying.size else float("nan"),
    }


def _norm(values: np.ndarray) -> float:
    return float(np.sqrt(np.square(values, dtype="float64").sum()))


def _rank(values: np.ndarray) -> float:
    """Return the participation ratio of the covariance over some of the rows."""
    values = values[:: max(1, len(values) // RANK_ROWS)]
    values = values - values.mean(axis=0)
    # Scaled first: squares of squares of large outputs would overflow, of small ones vanish.
    values = values / max(float(np.abs(values).max()), float(np.finfo(np.float32).tiny))
    # Of the two Gram matrices, which have the same eigenvalues, the smaller one.
    gram = values @ values.T if len(values) < values.shape[1] else values.T @ values
    total = float(np.square(gram).sum())
    return float(np.trace(gram)) ** 2 / total if total > 0 else 0.0
