"""Penalties that leave no weights."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

PULL = 3.0
"""How many times larger the penalties' gradient is than the loss's, before the first step, over all layers.
Calibrated on digits with one factor at all layers, see docs/guide/repair-detectors.md."""
DECOUPLED = 0.5
"""Weight decay of the optimiser itself: Loshchilov and Hutter (ICLR 2019) try up to 0.1."""


class WeightDecay(Detector):
    """Penalties that outweigh the loss from the start, or a decoupled decay far above what is usual.

    Evidence: `pull` and its `limit`, or `decay` and its `limit`; `factor`, the largest penalty's.
    """

    name: ClassVar[str] = "weight_decay"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the layer on which the penalty pulls most."""
        described = statistics.description
        if described is None or not statistics.layers:
            return None
        if described.decay >= DECOUPLED:
            evidence = {"decay": described.decay, "limit": DECOUPLED}
            return Symptom(self.name, None, evidence, 0.6 if described.decay < 1 else 0.8)
        if not described.penalties or statistics.steps > 0:
            return None
        decay = sum(layer.decay_norm**2 for layer in statistics.layers) ** 0.5
        loss = sum(layer.gradient_norm**2 for layer in statistics.layers) ** 0.5
        if loss == 0 or not decay / loss > PULL:
            return None
        most = max(statistics.layers, key=lambda layer: layer.decay_norm)
        factor = max(factor for _, factor in described.penalties)
        evidence = {"pull": decay / loss, "limit": PULL, "factor": factor}
        return Symptom(self.name, most.name, evidence, 0.6 if decay / loss < 3 * PULL else 0.9)
