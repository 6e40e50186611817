"""A loss that jumps up and down instead of settling."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, mean
from archmend.repair.values import Symptom, TrainingStatistics

WINDOW = 8
"""Epochs that are looked at. AUTOTRAINER looks at all, and raises an alarm on 10 of 30 healthy runs."""
TURNS = 0.4
"""Share of these epochs at which the validation accuracy turns from rising to falling or back."""
SWING = 0.04
"""Mean change of the validation accuracy from one epoch to the next; AUTOTRAINER counts swings from 0.03."""
LOSS_SWING = 0.15
"""Mean change of the training loss from epoch to epoch, over its mean: not of the validation rows' making."""


class Oscillation(Detector):
    """Validation accuracy and training loss that go up and down by much more than noise.

    Evidence: `turns`, `swing` (of the accuracy), `loss_swing`, and the rate.
    """

    name: ClassVar[str] = "oscillation"
    when: ClassVar[When] = "epoch"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return it after an epoch, where all three signs stand together."""
        history = statistics.history[-WINDOW:]
        if not statistics.epoch_end or len(history) < WINDOW:
            return None
        right, losses = [r.val_accuracy for r in history], [r.loss for r in history]
        if not all(math.isfinite(value) for value in (*right, *losses)):
            return None
        steps = [b - a for a, b in pairwise(right)]
        turns = sum(a * b < 0 for a, b in pairwise(steps)) / len(steps)
        swing = mean([abs(step) for step in steps])
        level = mean([abs(loss) for loss in losses])
        loss_swing = mean([abs(b - a) for a, b in pairwise(losses)]) / max(level, 1e-12)
        rising = sum(b > a for a, b in pairwise(losses)) / len(steps)
        # Few rows make the accuracy jump by themselves: twice their standard error is noise.
        noise = 2 * math.sqrt(0.25 / max(statistics.validation_rows, 1))
        if turns < TURNS or swing < max(SWING, noise) or loss_swing < LOSS_SWING or rising < 0.25:
            return None
        evidence = {
            "turns": turns,
            "swing": swing,
            "loss_swing": loss_swing,
            "rate": statistics.learning_rate,
        }
        return Symptom(self.name, None, evidence, confidence=0.6)
