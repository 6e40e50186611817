"""Labels that the output can never reach."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import LINEAR, When
from archmend.repair.losses import CROSS_ENTROPIES
from archmend.repair.values import Description, Symptom, TrainingStatistics

SLACK = 0.02
"""Share of the labels' own range by which they may lie outside: a maximum of 1.01 is noise."""

_RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, math.inf),
    "exponential": (0.0, math.inf),
    "elu": (-1.0, math.inf),
    "selu": (-1.76, math.inf),
}


class LabelsOutside(Detector):
    """Labels of a regression outside the range of the output's activation, or indices of no class.

    Evidence: `low` and `high` of the labels, `reach_low` and `reach_high` of the output, `classes` of the
    output where they are indices, `expected` 0 (a linear output) where the loss would take that.
    """

    name: ClassVar[str] = "labels_outside"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the labels' range where the output's does not hold it."""
        described = statistics.description
        if described is None or math.isnan(described.labels.low):
            return None
        low, high = _reach(described)
        labels = described.labels
        # An index is a class or none, however many there are.
        slack = 0.0 if described.kind == "index" else SLACK * (labels.high - labels.low)
        if labels.low >= low - slack and labels.high <= high + slack:
            return None
        evidence = {"low": labels.low, "high": labels.high, "reach_low": low}
        if described.kind == "index":
            evidence["classes"] = float(described.units)
        elif described.loss not in CROSS_ENTROPIES:
            evidence["expected"] = LINEAR
        if math.isfinite(high):
            evidence["reach_high"] = high
        return Symptom(self.name, described.head, evidence)


def _reach(described: Description) -> tuple[float, float]:
    if described.kind == "index":
        return 0.0, described.units - 1.0
    if described.loss in CROSS_ENTROPIES:
        return 0.0, 1.0
    return _RANGES.get(described.activation, (-math.inf, math.inf))
