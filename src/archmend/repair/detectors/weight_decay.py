"""Penalties that leave no weights."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

FACTORS = ((0.3, 0.9), (0.1, 0.7), (0.03, 0.4))
"""Largest factor of squared weights, and the confidence from it on. Calibrated on three healthy networks with
one factor everywhere (docs/guide/repair-detectors.md): at 0.3 two learn nothing, at 0.1 all lose a tenth or
more, at 0.03 about a twentieth."""
PULL = 3.0
"""The penalties' gradient over the loss's before the first step, over all layers, from which the factor does
not matter: a loss of small numbers needs small ones."""
DECOUPLED = 0.5
"""Weight decay of the optimiser itself: Loshchilov and Hutter (ICLR 2019) try up to 0.1."""


class WeightDecay(Detector):
    """A penalty on squared weights, or a decoupled decay, far above what is usual.

    Evidence: `factor`, its `limit` and `pull`, or `decay` and its `limit`.
    """

    name: ClassVar[str] = "weight_decay"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the layer with the largest factor."""
        described = statistics.description
        if described is None or not statistics.layers:
            return None
        if described.decay >= DECOUPLED:
            evidence = {"decay": described.decay, "limit": DECOUPLED}
            return Symptom(self.name, None, evidence, 0.6 if described.decay < 1 else 0.8)
        if statistics.steps > 0:
            return None
        decay = sum(layer.decay_norm**2 for layer in statistics.layers) ** 0.5
        loss = sum(layer.gradient_norm**2 for layer in statistics.layers) ** 0.5
        pull = decay / loss if loss > 0 else 0.0
        # A penalty on absolute weights has no such factor; its pull tells of it.
        most = max(statistics.layers, key=lambda layer: layer.decay_norm).name
        layer, factor = max(described.penalties, key=lambda one: one[1], default=(most, 0.0))
        confidence = next((sure for least, sure in FACTORS if factor >= least), 0.0)
        confidence = max(confidence, 0.6 if pull > PULL else 0.0)
        if confidence == 0:
            return None
        return Symptom(self.name, layer, {"factor": factor, "pull": pull, "limit": FACTORS[1][0]}, confidence)
