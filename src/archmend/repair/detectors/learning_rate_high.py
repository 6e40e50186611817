"""Steps that overshoot."""

from __future__ import annotations

import math
from statistics import median
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, chance_loss
from archmend.repair.values import RateTest, Symptom, TrainingStatistics

RISE = 3.0
"""Factor by which a few steps at the network's own rate raise the loss of the very rows they are made on.
Calibrated: healthy networks (0.03 with momentum 0.9 among them) rise by 1.3 at most."""
FALLS = 0.98
"""Factor at a tenth or a hundredth of the rate that shows that there is a way down."""
TRAVEL = 1.0
"""Distance over the weights' norm at which these steps leave nothing of where they began; healthy networks go
0.01 to 0.2."""
EARLY = 60
"""Steps within which the losses themselves tell."""
ABOVE = 1.5
"""Median of the latest losses over the first loss: what was learned is less than nothing."""
MOVED = 0.01
"""Relative change of some layer's weights below which no step can have overshot: the first loss was lucky."""
WINDOW = 8
"""Losses in that median."""


class LearningRateHigh(Detector):
    """Before training, a range test at the network's own and at smaller rates; then the first losses.

    Evidence: `rate`, `before` and `after` the steps at it, `better` (the rate whose steps lowered the loss
    most).
    """

    name: ClassVar[str] = "learning_rate_high"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return it where steps at the rate lead up and smaller ones down, or the first losses have risen."""
        return self._tested(statistics.rates) or self._begun(statistics)

    def _tested(self, rates: tuple[RateTest, ...]) -> Symptom | None:
        own = next((test for test in rates if test.factor == 1), None)
        lower = [test for test in rates if test.factor < 1 and math.isfinite(test.after)]
        if own is None or not lower or not math.isfinite(own.before):
            return None
        best = min(lower, key=lambda test: test.after)
        evidence = {"rate": own.rate, "before": own.before, "after": own.after, "better": best.rate}
        if not own.after < RISE * own.before and best.after < FALLS * own.before:
            return Symptom(self.name, None, {**evidence, "limit": RISE}, confidence=0.9)
        if own.travel > TRAVEL:
            return Symptom(
                self.name, None, {**evidence, "travel": own.travel, "limit": TRAVEL}, confidence=0.7
            )
        return None

    def _begun(self, statistics: TrainingStatistics) -> Symptom | None:
        losses = statistics.losses
        if not WINDOW < statistics.steps <= EARLY or len(losses) < statistics.steps:
            return None
        now, known = median(losses[-WINDOW:]), chance_loss(statistics)
        if not now > ABOVE * max(losses[0], known or 0.0) or not _moved(statistics):
            return None
        evidence = {"rate": statistics.learning_rate, "before": losses[0], "after": now}
        return Symptom(self.name, None, evidence, confidence=0.7)


def _moved(statistics: TrainingStatistics) -> bool:
    """Whether the size of some layer's weights has changed since the first look."""
    first = {layer.name: layer.weight_norm for layer in statistics.first}
    known = [(first[layer.name], layer.weight_norm) for layer in statistics.layers if layer.name in first]
    return not known or any(not abs(now - before) <= MOVED * before for before, now in known)
