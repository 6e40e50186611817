"""Training that goes on improving while validation gets worse."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, mean
from archmend.repair.values import Symptom, TrainingStatistics

WINDOW = 5
"""Epochs over which values are averaged, so that one noisy epoch does not count."""
LOSS_FACTOR = 1.3
"""How much the mean validation loss must have risen over its best mean."""
GAP = 0.1
"""Training accuracy less validation accuracy. Calibrated: healthy digits, circle and blob runs
stay below it."""
NOISE = 2.0
"""Standard errors of the validation accuracy by which it must have fallen."""


class Overfitting(Detector):
    """Validation loss up, validation accuracy down beyond its rows' noise, training accuracy far above."""

    name: ClassVar[str] = "overfitting"
    when: ClassVar[When] = "epoch"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return it at an epoch's end, where all three signs stand together."""
        history = statistics.history
        if not statistics.epoch_end or len(history) < 2 * WINDOW:
            return None
        losses = [
            mean([r.val_loss for r in history[i : i + WINDOW]]) for i in range(len(history) - WINDOW + 1)
        ]
        right = [
            mean([r.val_accuracy for r in history[i : i + WINDOW]]) for i in range(len(history) - WINDOW + 1)
        ]
        trained = mean([r.accuracy for r in history[-WINDOW:]])
        if not all(math.isfinite(v) for v in (*losses, *right, trained)):
            return None
        noise = math.sqrt(max(right[-1] * (1 - right[-1]), 1e-4) / max(statistics.validation_rows, 1))
        fallen = max(right) - right[-1]
        if losses[-1] < LOSS_FACTOR * min(losses) or trained - right[-1] < GAP or fallen < NOISE * noise:
            return None
        evidence = {
            "val_loss": losses[-1],
            "val_loss_best": min(losses),
            "accuracy": trained,
            "val_accuracy": right[-1],
            "val_accuracy_best": max(right),
        }
        return Symptom(self.name, None, evidence, confidence=0.8)
