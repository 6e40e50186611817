"""Steps too small to get anywhere in the time that was given."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

REACH = 0.1
"""Distance over the weights' norm that all the run's steps would lead, at the pace of the first ones.
Calibrated: Adam at 1e-4 over 4,400 steps (learns) reaches 0.4, at 1e-5 (does not) 0.04."""
LINEAR = 20.0
"""How many times as much the loss falls at a hundred times the rate: at a fitting rate it falls at most a few
times as much, or rises."""


class LearningRateLow(Detector):
    """Before training, a range test whose steps are tiny and could be a hundred times as long.

    Evidence: `rate`, `reach` (see `REACH`), `fall` of the loss at the rate and `fall_100` at a hundred times
    it, `better` (the rate whose steps lowered the loss most).
    """

    name: ClassVar[str] = "learning_rate_low"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return it where the steps of the whole run lead nowhere and longer ones would not overshoot."""
        tests = {test.factor: test for test in statistics.rates}
        own, longer = tests.get(1.0), tests.get(100.0)
        if own is None or longer is None:
            return None
        steps = statistics.epochs * statistics.batches_per_epoch
        reach = own.travel / own.steps * steps
        # Moving averages of a normalisation change what is validated at any rate, however small.
        still = tests.get(0.01)
        before = own.before if still is None or not math.isfinite(still.after) else still.after
        fall, fall_100 = before - own.after, before - longer.after
        if not reach < REACH or not fall_100 > LINEAR * abs(fall):
            return None
        best = min(
            statistics.rates, key=lambda test: test.after if test.after == test.after else float("inf")
        )
        evidence = {"rate": own.rate, "reach": reach, "limit": REACH, "fall": fall, "fall_100": fall_100}
        sure = reach < REACH / 3
        return Symptom(self.name, None, {**evidence, "better": best.rate}, 0.9 if sure else 0.6)
