"""A layer that tells the rows apart far less than it did, or than the layers around it."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import COLLAPSE, When
from archmend.repair.values import Symptom, TrainingStatistics

FALL = 0.02
"""Of the entropy that a layer began with, below which it has collapsed while it trained."""
NARROW = 0.03
"""Of the largest entropy before it, below which an untrained layer is a collapse in the making."""


class EntropyCollapse(Detector):
    """A hidden layer whose batch entropy fell to a fiftieth, or is a small part of what comes before it.

    Below `COLLAPSE` it is the symptom `vanishing` (or `dying`); this is the stage before.
    Evidence: `entropy`, `before` (what it is compared with), `limit`.
    """

    name: ClassVar[str] = "entropy_collapse"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first layer whose entropy has fallen, else one that begins too small."""
        begun = {layer.name: layer.entropy for layer in statistics.first}
        for layer in statistics.hidden:
            then = begun.get(layer.name, float("nan"))
            if layer.finite and layer.entropy < FALL * then and then > 10 * COLLAPSE:
                evidence = {"entropy": layer.entropy, "before": then, "limit": FALL}
                return Symptom(self.name, layer.name, evidence, confidence=0.6)
        return self._untrained(statistics)

    def _untrained(self, statistics: TrainingStatistics) -> Symptom | None:
        if statistics.steps > 0:
            return None
        most = 0.0
        for layer in statistics.hidden:
            if layer.finite and layer.entropy < NARROW * most:
                evidence = {"entropy": layer.entropy, "before": most, "limit": NARROW}
                return Symptom(self.name, layer.name, evidence, confidence=0.4)
            most = max(most, layer.entropy if layer.entropy == layer.entropy else 0.0)
        return None
