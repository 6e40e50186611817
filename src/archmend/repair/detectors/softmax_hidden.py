"""A softmax inside the network."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import When
from archmend.repair.values import Symptom, TrainingStatistics

CONFIDENCE = 1.0
"""Units that must sum to 1 pass on little of what distinguishes rows. A softmax that weighs another signal (a
gate, attention) is none of these: the description leaves it out."""


class SoftmaxHidden(Detector):
    """A hidden layer whose softmax feeds another layer's weights."""

    name: ClassVar[str] = "softmax_hidden"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the first such layer."""
        described = statistics.description
        if described is None or not described.softmaxes:
            return None
        name = described.softmaxes[0]
        evidence = {"layers": float(len(described.softmaxes))}
        for layer in statistics.layers:
            if layer.name == name and layer.entropy == layer.entropy:
                evidence["entropy"] = layer.entropy
        return Symptom(self.name, name, evidence, CONFIDENCE)
