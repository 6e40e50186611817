"""A network that names the same class for every row."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

SHARE = 0.995
"""Share of the probe rows for which one class is named."""
STEPS = 150
"""Steps after which a network has learned more than that, and at least `SHARE_OF_STEPS` of all."""
SHARE_OF_STEPS = 0.1
FALL = 0.02
"""Relative fall of the training loss since the first epoch that shows a slow beginning instead. Calibrated: 2
of 12 published healthy networks, deep ones of tanh, name one class alone for 200 steps while it falls."""
RARE = 0.85
"""Where one class makes up this part of the rows, naming it alone is what little training can do."""


class ClassCollapse(Detector):
    """After a tenth of the steps, one class is named for all rows though others are common.

    Evidence: `commonest`, the share; `chance`, the share of the commonest class among the validation rows.
    """

    name: ClassVar[str] = "class_collapse"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the output layer where it names one class alone."""
        described = statistics.description
        if described is None or described.kind == "other" or math.isnan(statistics.chance):
            return None
        steps = max(STEPS, SHARE_OF_STEPS * statistics.epochs * statistics.batches_per_epoch)
        if statistics.steps < steps or statistics.chance > RARE or not statistics.history:
            return None
        losses = [record.loss for record in statistics.history]
        falling = losses[0] - min(losses) > FALL * abs(losses[0])
        for layer in statistics.layers:
            if layer.output and layer.finite and layer.commonest >= SHARE:
                evidence = {"commonest": layer.commonest, "chance": statistics.chance}
                return Symptom(self.name, layer.name, evidence, 0.4 if falling else 0.6)
        return None
