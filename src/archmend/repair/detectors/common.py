"""What several detectors ask of the layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from archmend.repair.losses import CROSS_ENTROPIES
from archmend.repair.values import EpochRecord, LayerStatistics, TrainingStatistics

When = Literal["always", "probe", "epoch"]

LINEAR, SIGMOID, SOFTMAX = 0.0, 1.0, 2.0
"""What `expected` in a symptom's evidence stands for: evidence holds numbers only."""
COLLAPSE = 1e-3
"""Layer batch entropy in nats below which a layer's output no longer depends on its input. Calibrated before
the first step: vanishing 5e-11 and less, dying 4e-4 and less, the lowest healthy layer above 1e-2."""


def collapsed_layer(layers: Sequence[LayerStatistics]) -> tuple[str, dict[str, float]] | None:
    """Return the first layer whose entropy has collapsed, with the evidence; None where none has.

    A layer that started small (unscaled input) counts only by what is lost on the way to it.
    """
    entropies = [layer for layer in layers if layer.entropy == layer.entropy]
    if not entropies:
        return None
    limit = min(COLLAPSE, COLLAPSE * max(layer.entropy for layer in entropies) * 10)
    for layer in entropies:
        if layer.entropy <= limit:
            return layer.name, {"entropy": layer.entropy, "limit": limit}
    return None


def chance_loss(statistics: TrainingStatistics) -> float | None:
    """Return the cross-entropy of saying that all classes are equally likely; None without such a loss."""
    described = statistics.description
    if described is None or described.loss not in CROSS_ENTROPIES:
        return None
    return math.log(max(2, described.units))


def learned(record: EpochRecord, chance: float) -> float:
    """Return how far a training accuracy is from chance to perfection, 0..1; NaN without classes."""
    return (record.accuracy - chance) / max(1 - chance, 1e-9)


def mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(values) / len(values)
