"""The signal, or the gradient that should bring it back, dies away with depth."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import collapsed_layer, first_and_last
from archmend.repair.detectors.dying import dying_layer
from archmend.repair.values import FIRST_BATCHES, Symptom, TrainingStatistics

GRADIENT_RATIO = 1e-3
"""AUTOTRAINER: norm of the first kernel's gradient over the last one's."""
GRADIENT_NORM = 1e-4
"""AUTOTRAINER: the first kernel's gradient must be this small itself, too."""


class Vanishing(Detector):
    """Layers whose output no longer depends on the input, or first layers that learn nothing."""

    name: ClassVar[str] = "vanishing"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first layer with a collapsed signal, else a first layer that gets no gradient."""
        if len(statistics.layers) < 2 or any(not layer.finite for layer in statistics.layers):
            return None
        if dying_layer(statistics) is not None:
            return None
        found = collapsed_layer(statistics.hidden)
        if found is not None:
            layer, evidence = found
            return Symptom(self.name, layer, evidence)
        first, last = first_and_last(statistics.layers)
        ratio = first.gradient_norm / last.gradient_norm if last.gradient_norm > 0 else float("inf")
        # Later, small gradients are what success looks like.
        early = statistics.steps <= FIRST_BATCHES and statistics.epoch == 0
        if early and ratio < GRADIENT_RATIO and first.gradient_norm < GRADIENT_NORM:
            evidence = {
                "gradient_norm": first.gradient_norm,
                "gradient_ratio": ratio,
                "limit": GRADIENT_RATIO,
            }
            return Symptom(self.name, first.name, evidence, confidence=0.8)
        return None
