"""Units that never fire."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, collapsed_layer
from archmend.repair.values import Symptom, TrainingStatistics

RECTIFIERS = frozenset({"relu", "relu6"})
"""Activations with a flat half, where a unit can be zero for good."""
LAYER_SHARE = 0.9
"""Share of a layer's units that never fire at which the layer is dying by itself. Calibrated: a healthy
network's layers stay at or below 0.6 (5 units, He)."""
COLLAPSE_SHARE = 0.2
"""Mean share over the rectified layers at which a collapsed signal is put down to dead units."""


class Dying(Detector):
    """Rectified layers most of whose units are zero on every probe row, or whose signal such units end."""

    name: ClassVar[str] = "dying"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first layer that is dying, or where dead units end the signal."""
        found = dying_layer(statistics)
        if found is None:
            return None
        layer, evidence = found
        return Symptom(self.name, layer, evidence)


def dying_layer(statistics: TrainingStatistics) -> tuple[str, dict[str, float]] | None:
    """Return the first dying layer with the evidence, None where there is none."""
    rectified = [
        layer
        for layer in statistics.hidden
        if layer.activation in RECTIFIERS and layer.inactive == layer.inactive and layer.finite
    ]
    for layer in rectified:
        if layer.inactive >= LAYER_SHARE:
            return layer.name, {"inactive": layer.inactive, "dormant": layer.dormant, "limit": LAYER_SHARE}
    if rectified and sum(layer.inactive for layer in rectified) / len(rectified) >= COLLAPSE_SHARE:
        collapsed = collapsed_layer(rectified)
        if collapsed is not None:
            name, evidence = collapsed
            share = sum(layer.inactive for layer in rectified) / len(rectified)
            return name, {**evidence, "inactive": share}
    return None
