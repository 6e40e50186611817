"""Training that has come to a halt early, at a level that it could leave."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, learned, mean
from archmend.repair.values import Symptom, TrainingStatistics

SHARE_OF_EPOCHS = 0.15
"""Part of the epochs over which the loss must have stood still, at least `EPOCHS`."""
EPOCHS = 5
STILL = 0.005
"""Relative fall of the loss from the first to the second half of these epochs."""
STEPS = 200
"""Optimiser steps in these epochs, at least."""
LOW = 0.4
"""Part of the way from chance to perfection, on the training rows, below which a halt is likely a fault."""
IDLE = 0.7
"""Share of dormant units in some hidden layer that makes it one at a higher level, too."""


class Plateau(Detector):
    """A training loss that no longer falls while the training rows are far from learned.

    Data may hold no more than that, so it is acted on only where the network is at less than `LOW` of the
    way, or where most of a layer's units idle.

    Evidence: `loss`, `fall`, `learned` (part of the way from chance to
    perfection), `dormant` (largest share in a layer).
    """

    name: ClassVar[str] = "plateau"
    when: ClassVar[When] = "epoch"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return it after an epoch."""
        window = max(EPOCHS, math.ceil(SHARE_OF_EPOCHS * statistics.epochs))
        window = max(window, math.ceil(STEPS / statistics.batches_per_epoch))
        history = statistics.history[-window:]
        if not statistics.epoch_end or len(statistics.history) <= window:
            return None
        half = window // 2
        before, now = mean([r.loss for r in history[:half]]), mean([r.loss for r in history[half:]])
        reached = learned(history[-1], statistics.chance)
        if not (math.isfinite(before) and math.isfinite(now) and math.isfinite(reached)):
            return None
        fall = (before - now) / max(abs(before), 1e-12)
        if fall > STILL or reached > 0.95:
            return None
        idle = max((layer.dormant for layer in statistics.hidden), default=0.0)
        evidence = {"loss": now, "fall": fall, "learned": reached, "dormant": idle}
        return Symptom(self.name, None, evidence, 0.6 if reached < LOW or idle >= IDLE else 0.3)
