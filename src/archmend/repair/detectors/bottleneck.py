"""A layer too small for what has to pass through it."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import learned, mean
from archmend.repair.values import LayerStatistics, Symptom, TrainingStatistics

SUPPRESSED = 0.25
"""A layer's width over its wider neighbours' at which it counts as a narrow place."""
ENOUGH = 0.9
"""Part of the way from chance to perfection on the training rows from which nothing is too small."""
EPOCHS = 4
"""Epochs of which the last half must have gained little over the first."""
GAIN = 0.02
"""How little, of the loss."""


class Bottleneck(Detector):
    """A hidden layer of very few units: told at once, acted on where training is stuck below what it could.

    Evidence: `units`, `needed` (directions that the output's classes need), `wider` (units of the widest
    layer before it); `accuracy` where the training was judged.
    """

    name: ClassVar[str] = "bottleneck"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the narrowest layer."""
        described = statistics.description
        if described is None or not (statistics.layers or statistics.epoch_end):
            return None
        hidden = [
            layer for layer in statistics.layers or statistics.first if not layer.output and layer.units
        ]
        if not hidden:
            return None
        narrow = min(hidden, key=lambda layer: layer.units)
        needed = _needed(described.units)
        widest = max(layer.units for layer in hidden)
        if narrow.units >= needed or narrow.units > SUPPRESSED * max(widest, described.units, 8):
            return None
        evidence = {"units": float(narrow.units), "needed": float(needed), "wider": float(widest)}
        if narrow.units == 1:
            # One number cannot separate what is not ordered along a line.
            return self._judged(statistics, narrow, evidence, at_once=0.6 if described.units > 2 else 0.5)
        return self._judged(statistics, narrow, evidence, at_once=0.4)

    def _judged(
        self,
        statistics: TrainingStatistics,
        narrow: LayerStatistics,
        evidence: dict[str, float],
        at_once: float,
    ) -> Symptom:
        history = statistics.history
        confidence = at_once
        if statistics.epoch_end and len(history) >= EPOCHS:
            half = len(history) // 2
            before, now = mean([r.loss for r in history[:half]]), mean([r.loss for r in history[half:]])
            reached = learned(history[-1], statistics.chance)
            evidence["accuracy"] = history[-1].accuracy
            if not math.isnan(reached):
                stuck = before - now < GAIN * abs(before) and reached < ENOUGH
                confidence = 0.7 if stuck else 0.3 if reached >= ENOUGH else at_once
        return Symptom(self.name, narrow.name, evidence, confidence)


def _needed(units: int) -> int:
    """Return how many directions keep so many classes apart with ease: their binary digits, at least 2."""
    return max(2, math.ceil(math.log2(max(units, 2))))
