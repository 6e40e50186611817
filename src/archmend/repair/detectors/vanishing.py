"""The signal, or the gradient that should bring it back, dies away with depth."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, collapsed_layer
from archmend.repair.detectors.dying import dying_layer
from archmend.repair.values import FIRST_BATCHES, LayerStatistics, Symptom, TrainingStatistics

GRADIENT_RATIO = 1e-3
"""AUTOTRAINER: norm of the first kernel's gradient over the last one's."""
GRADIENT_NORM = 1e-4
"""AUTOTRAINER: the first kernel's gradient must be this small itself, too."""
SMALL_WEIGHT = 1e-2
"""Root mean square of a unit's weights, times the root of its inputs, under which the weights themselves let
nothing through: Glorot and He begin at 1 to 1.4."""


class Vanishing(Detector):
    """Layers whose output no longer depends on the input, or first layers that learn nothing."""

    name: ClassVar[str] = "vanishing"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first layer with a collapsed signal, else a first layer that gets no gradient."""
        layers = statistics.layers
        if len(layers) < 2 or any(not layer.finite for layer in layers):
            return None
        # Zero weights, units that never fire and units that are alike have names of their own.
        if any(layer.weight_norm == 0 for layer in statistics.hidden) or dying_layer(statistics) is not None:
            return None
        found = collapsed_layer(statistics.hidden)
        if found is not None:
            layer, evidence = found
            return Symptom(self.name, layer, evidence)
        return self._of_gradients(statistics)

    def _of_gradients(self, statistics: TrainingStatistics) -> Symptom | None:
        # Later, small gradients are what success looks like.
        if statistics.steps > FIRST_BATCHES or statistics.epoch > 0:
            return None
        for layer in statistics.hidden:
            if _size(layer) < SMALL_WEIGHT and not (layer.normalized or layer.branch):
                evidence = {"weight": _size(layer), "limit": SMALL_WEIGHT, "entropy": layer.entropy}
                return Symptom(self.name, layer.name, evidence, confidence=0.7)
        first, last = statistics.layers[0], _last(statistics.layers)
        ratio = first.gradient_norm / last.gradient_norm if last.gradient_norm > 0 else float("inf")
        if ratio < GRADIENT_RATIO and first.gradient_norm < GRADIENT_NORM:
            evidence = {
                "gradient_norm": first.gradient_norm,
                "gradient_ratio": ratio,
                "limit": GRADIENT_RATIO,
            }
            return Symptom(self.name, first.name, evidence, confidence=0.8)
        return None


def _last(layers: tuple[LayerStatistics, ...]) -> LayerStatistics:
    """Return the last layer whose gradient the others' can be compared with.

    An output that begins at zero passes no gradient back at the first step, which is no fault.
    """
    last = layers[-1]
    return layers[-2] if last.weight_norm == 0 else last


def _size(layer: LayerStatistics) -> float:
    """Return the norm of a unit's weights, about; infinity where the layer has not told its units."""
    return layer.weight_norm / layer.units**0.5 if layer.units else float("inf")
