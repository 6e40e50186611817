"""Hidden weights that are all zero."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import FIRST_BATCHES, Symptom, TrainingStatistics

STILL = 1.0
"""Zero weights that get no gradient either stay zero for good."""
MOVING = 0.6
"""Zero weights that get a gradient leave zero at the first step, but what lies before them waits for it."""
BRANCH = 0.2
"""A residual branch may be begun so on purpose (Zhang et al., Fixup, ICLR 2019)."""


class ZeroInitialization(Detector):
    """A hidden layer whose kernel is zero in the first batches; an output that begins at zero is no fault."""

    name: ClassVar[str] = "zero_initialization"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first such layer, one that cannot move before one that can."""
        if statistics.steps > FIRST_BATCHES:
            return None
        zero = [layer for layer in statistics.hidden if layer.weight_norm == 0]
        if not zero:
            return None
        still = [layer for layer in zero if layer.gradient_norm == 0]
        layer = (still or zero)[0]
        moving = BRANCH if all(one.branch for one in zero) else MOVING
        evidence = {"weight_norm": 0.0, "gradient_norm": layer.gradient_norm, "layers": float(len(zero))}
        return Symptom(self.name, layer.name, evidence, STILL if still else moving)
