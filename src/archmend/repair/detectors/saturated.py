"""Units at the bounds of sigmoid or tanh, where the gradient ends."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

SHARE = 0.9
"""Share of a layer's outputs within 1 % of a bound (Glorot and Bengio, AISTATS 2010, show what it does).
Calibrated: see docs/guide/repair-detectors.md."""
LIKELY = 0.75
"""Share from which it is told with little confidence."""


class Saturated(Detector):
    """A hidden layer of sigmoid or tanh nearly all of whose outputs sit at a bound.

    Evidence: `saturated`, the share; `limit`; `weight_norm`.
    """

    name: ClassVar[str] = "saturated"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first such layer."""
        for limit, confidence in ((SHARE, 0.8), (LIKELY, 0.4)):
            for layer in statistics.hidden:
                if layer.finite and layer.saturated >= limit:
                    evidence = {
                        "saturated": layer.saturated,
                        "limit": limit,
                        "weight_norm": layer.weight_norm,
                    }
                    return Symptom(self.name, layer.name, evidence, confidence)
        return None
