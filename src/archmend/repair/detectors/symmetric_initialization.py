"""Units that begin alike and stay alike."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

SHARE = 0.99
"""Share of a layer's units that are the first unit's copies."""
BEGUN = 0.6
"""Confidence where only the weights are alike: the gradients part the units, slowly."""


class SymmetricInitialization(Detector):
    """A hidden layer all of whose units have the same weights, and perhaps the same gradient.

    Evidence: `identical`, share of units with the first one's weights; `alike`, with its gradient too.
    """

    name: ClassVar[str] = "symmetric_initialization"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first layer whose units stay alike, else one whose units begin so."""
        same = [layer for layer in statistics.hidden if layer.weight_norm > 0 and layer.identical >= SHARE]
        if not same:
            return None
        staying = [layer for layer in same if layer.alike >= SHARE]
        layer = (staying or same)[0]
        evidence = {"identical": layer.identical, "alike": layer.alike, "units": float(layer.units)}
        return Symptom(self.name, layer.name, evidence, 1.0 if staying else BEGUN)
