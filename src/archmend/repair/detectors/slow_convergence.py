"""Training that does not get going."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

MINIMUM_EPOCHS = 3
"""No judgement on fewer epochs."""
MINIMUM_STEPS = 150
"""Nor on fewer optimiser steps. Calibrated: healthy digits, circle and blob runs have lowered their loss
by more than `PROGRESS` after at most 100 steps."""
SHARE_OF_EPOCHS = 0.1
"""Nor before this part of the epochs (AUTOTRAINER waits for 0.3)."""
PROGRESS = 0.02
"""Relative fall of the training loss since the first epoch that counts as progress."""
SUCCESS = 0.1
"""How far training accuracy must be above chance for the run to be under way all the same."""


class SlowConvergence(Detector):
    """After the first tenth of the epochs neither the loss has fallen nor the accuracy left chance."""

    name: ClassVar[str] = "slow_convergence"
    when: ClassVar[When] = "epoch"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return it at an epoch's end, once there was time enough to see progress."""
        history = statistics.history
        enough = max(MINIMUM_EPOCHS, math.ceil(SHARE_OF_EPOCHS * statistics.epochs))
        if not statistics.epoch_end or len(history) < enough or statistics.steps < MINIMUM_STEPS:
            return None
        first, best = history[0].loss, min(record.loss for record in history)
        if not math.isfinite(first) or not math.isfinite(history[-1].loss):
            return None
        fallen = (first - best) / abs(first) if first else 0.0
        accuracy = max(record.accuracy for record in history)
        above_chance = not math.isnan(accuracy) and accuracy >= statistics.chance + SUCCESS
        if fallen >= PROGRESS or above_chance:
            return None
        evidence = {"loss_first": first, "loss_best": best, "accuracy": accuracy, "chance": statistics.chance}
        return Symptom(self.name, None, {**evidence, "progress": fallen, "limit": PROGRESS}, confidence=0.8)
