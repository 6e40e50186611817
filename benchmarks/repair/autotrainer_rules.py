"""When the peer sees a symptom: AUTOTRAINER's rules (Zhang et al., ICSE 2021), written anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from benchmarks.repair.training import Epoch

EVERY = 3
"""Epochs between two looks."""
PATIENCE = 0.3
"""Share of the epochs that must be over before a symptom counts, unless it is `at_once`."""
EXPLODED_LOSS = 1e3
GRADIENT_RATIO_HIGH, GRADIENT_RATIO_LOW = 70.0, 1e-3
SMALL_GRADIENT = 1e-4
DEAD_SHARE = 0.7
SUCCESS = 0.7
SLOW_RISE = 0.01
SWING, SWING_SHARE = 0.03, 0.2


def at_once(epoch: Epoch, gradients: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> bool:
    """Whether values are not finite or the loss is huge: exploding, however early."""
    finite = all(np.isfinite(values).all() for values in (*gradients, *weights))
    return not finite or not np.isfinite(epoch.loss) or epoch.loss >= EXPLODED_LOSS


def symptom(history: Sequence[Epoch], gradients: Sequence[np.ndarray]) -> str | None:
    """Return what the history and one batch's kernel gradients show, None for a healthy training."""
    slow = _slow(history)
    succeeds = _reached(history) and not slow
    if not succeeds:
        first, last = (float(np.linalg.norm(g)) for g in (gradients[0], gradients[-1]))
        ratio = first / max(last, np.finfo(float).tiny)
        zeros = sum(int((g == 0).sum()) for g in gradients) / sum(g.size for g in gradients)
        if ratio > GRADIENT_RATIO_HIGH:
            return "exploding"
        if zeros >= DEAD_SHARE:
            return "dying"
        if ratio < GRADIENT_RATIO_LOW and first < SMALL_GRADIENT:
            return "vanishing"
    if slow:
        return "slow"
    return "oscillating" if _oscillates([epoch.accuracy for epoch in history]) else None


def _reached(history: Sequence[Epoch]) -> bool:
    return any(max(epoch.accuracy, epoch.val_accuracy) >= SUCCESS for epoch in history)


def _slow(history: Sequence[Epoch]) -> bool:
    if len(history) < 2:
        return False
    return float(np.diff([epoch.accuracy for epoch in history]).max()) < SLOW_RISE


def _oscillates(values: Sequence[float]) -> bool:
    inner = range(1, len(values) - 1)
    maxima = [n for n in inner if values[n - 1] < values[n] >= values[n + 1]]
    minima = [n for n in inner if values[n - 1] > values[n] <= values[n + 1]]
    swings = 0
    for top in maxima:
        low = next((n for n in minima if n > top), None)
        swings += low is not None and values[top] - values[low] >= SWING
    return swings >= SWING_SHARE * len(values)
