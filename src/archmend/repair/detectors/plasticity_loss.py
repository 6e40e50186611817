"""A network that has lost the ability to learn what it has not learned yet."""

from __future__ import annotations

import math
from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When, learned
from archmend.repair.values import LayerStatistics, Symptom, TrainingStatistics

RISE = 0.3
"""How much a layer's share of dormant units has risen since the start (Sokar et al., ICML 2023)."""
RANK = 0.5
"""Part of its effective rank that is left (Lyle et al., ICML 2023, measure both)."""
LEARNED = 0.9
"""Part of the way from chance to perfection from which idle units are a sign of success."""
EPOCHS = 3


class PlasticityLoss(Detector):
    """A layer whose units fell idle and whose outputs lost half of their directions, while much is unlearned.

    Evidence: `dormant` and `dormant_first`, `rank` and `rank_first`, `learned`.
    """

    name: ClassVar[str] = "plasticity_loss"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first such layer, from the third epoch on."""
        if len(statistics.history) < EPOCHS:
            return None
        reached = learned(statistics.history[-1], statistics.chance)
        if math.isnan(reached) or reached >= LEARNED:
            return None
        begun = {layer.name: layer for layer in statistics.first}
        for layer in statistics.hidden:
            then = begun.get(layer.name)
            if then is not None and layer.finite and _lost(then, layer):
                evidence = {
                    "dormant": layer.dormant,
                    "dormant_first": then.dormant,
                    "rank": layer.rank,
                    "rank_first": then.rank,
                    "learned": reached,
                }
                return Symptom(self.name, layer.name, evidence, confidence=0.5)
        return None


def _lost(then: LayerStatistics, now: LayerStatistics) -> bool:
    return now.dormant - then.dormant >= RISE and now.rank < RANK * then.rank
