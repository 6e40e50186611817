"""Features far from the size that initial weights are made for."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import LayerStatistics, Symptom, TrainingStatistics

LARGE = 30.0
"""Root of a feature's mean square at which this is as likely as not a fault; ten times that is sure.
Glorot and He weights are made for features of about 1 (LeCun et al., Efficient BackProp, 1998)."""
SMALL = 0.01
"""The same for features that are all this small."""
NORMALIZED = 0.5
"""Factor of the confidence where a normalisation follows the layer and takes the scale out again."""


class UnscaledInput(Detector):
    """A layer next to the input that reads features of hundreds, or hardly any signal.

    Evidence: `input_scale` and `input_mean` of the largest feature, `limit`.
    """

    name: ClassVar[str] = "unscaled_input"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the layer whose features are furthest off."""
        found = [(c, layer) for layer in statistics.layers if (c := _confidence(layer)) > 0]
        if not found:
            return None
        confidence, layer = max(found, key=lambda one: one[0])
        limit = LARGE if layer.input_scale > 1 else SMALL
        evidence = {"input_scale": layer.input_scale, "input_mean": layer.input_mean, "limit": limit}
        return Symptom(self.name, layer.name, evidence, round(confidence, 2))


def _confidence(layer: LayerStatistics) -> float:
    scale = layer.input_scale
    if not math.isfinite(scale) or scale == 0:
        return 0.0
    off = math.log10(scale / LARGE) if scale > 1 else math.log10(SMALL / scale)
    confidence = min(0.95, 0.5 + 0.4 * off)
    if confidence < 0.3:
        return 0.0
    return confidence * (NORMALIZED if layer.normalized else 1.0)
