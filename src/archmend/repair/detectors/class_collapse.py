"""A network that names the same class for every row."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

SHARE = 0.995
"""Share of the probe rows for which one class is named."""
STEPS = 100
"""Steps after which a network has learned more than that."""
RARE = 0.85
"""Where one class makes up this part of the rows, naming it alone is what little training can do."""


class ClassCollapse(Detector):
    """After the first hundred steps, one class is named for all rows though others are common.

    Evidence: `commonest`, the share; `chance`, the share of the commonest class among the validation rows.
    """

    name: ClassVar[str] = "class_collapse"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the output layer where it names one class alone."""
        described = statistics.description
        if described is None or described.kind == "other" or math.isnan(statistics.chance):
            return None
        if statistics.steps < max(STEPS, statistics.batches_per_epoch) or statistics.chance > RARE:
            return None
        for layer in statistics.layers:
            if layer.output and layer.finite and layer.commonest >= SHARE:
                evidence = {"commonest": layer.commonest, "chance": statistics.chance}
                return Symptom(self.name, layer.name, evidence, confidence=0.6)
        return None
