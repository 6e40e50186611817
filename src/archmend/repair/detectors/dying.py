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
FAINT = 1e-3
"""Size of a rectified layer's outputs over the first one's at which they are as good as zero."""
FAINT_SHARE = 0.5
"""Share of the rectified layers that are so."""


class Dying(Detector):
    """Rectified layers most of whose units are zero on every probe row, or whose signal such units end.

    Units that are as good as zero in most of the layers, as tiny first weights make them, count too: their
    gradients are zero a few steps later.
    """

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
    if not rectified:
        return None
    share = sum(layer.inactive for layer in rectified) / len(rectified)
    faint = sum(layer.scale < FAINT * rectified[0].scale for layer in rectified) / len(rectified)
    collapsed = collapsed_layer(rectified) if share >= COLLAPSE_SHARE or faint > FAINT_SHARE else None
    return None if collapsed is None else (collapsed[0], {**collapsed[1], "inactive": share, "faint": faint})
