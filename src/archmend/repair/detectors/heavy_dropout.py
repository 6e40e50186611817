"""Dropout that hardly lets a signal through."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.values import Symptom, TrainingStatistics

HEAVY = 0.8
"""Rate from which it is a fault by itself: 0.5 is the most that Srivastava et al. (JMLR 2014) advise."""
SUSPECT = 0.6
"""Rate from which it is a fault where the training rows are learned worse than the validation rows."""
GAP = 0.05
"""By how much: dropout is off in validation, so that it is the better of the two."""
EPOCHS = 3
"""Over which the two are compared."""


class HeavyDropout(Detector):
    """A rate far above what is advised, or one that keeps the network from learning its training rows.

    Evidence: `rate`, and `accuracy` and `val_accuracy` where they were compared.
    """

    name: ClassVar[str] = "heavy_dropout"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the layer with the highest rate."""
        described = statistics.description
        if described is None or not described.dropouts or not (statistics.layers or statistics.epoch_end):
            return None
        layer, rate = max(described.dropouts, key=lambda one: one[1])
        if rate >= HEAVY:
            return Symptom(self.name, layer, {"rate": rate, "limit": HEAVY}, 0.6 if rate < 0.85 else 0.9)
        history = statistics.history[-EPOCHS:]
        if rate < SUSPECT or not statistics.epoch_end or len(history) < EPOCHS:
            return None
        if all(record.val_accuracy - record.accuracy >= GAP for record in history):
            evidence = {
                "rate": rate,
                "accuracy": history[-1].accuracy,
                "val_accuracy": history[-1].val_accuracy,
            }
            return Symptom(self.name, layer, evidence, confidence=0.5)
        return None
