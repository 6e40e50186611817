"""An output that its loss cannot read."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import LINEAR, SIGMOID, SOFTMAX, When
from archmend.repair.losses import CROSS_ENTROPIES, REGRESSIONS
from archmend.repair.values import Description, Symptom, TrainingStatistics

CERTAIN = 1.0
"""The loss has no or the wrong gradient for a part of the outputs: logits or negative numbers cut to
probabilities, a softmax that is always 1."""
SQUASHED = 0.6
"""Classes can be told apart, but never surely: logits kept within a small range."""
HARMLESS = 0.3
"""Unusual, yet it trains: Keras divides by the sum, or reads the logits under a sigmoid."""

_NORMALIZED = {"sigmoid": HARMLESS, "exponential": HARMLESS, "softplus": 0.4, "hard_sigmoid": 0.4}
_UNDER_SOFTMAX = {"sigmoid": SQUASHED, "hard_sigmoid": SQUASHED, "tanh": SQUASHED, "softmax": SQUASHED}


class WrongOutput(Detector):
    """An activation of the output that does not go with the loss; `expected` says which one does.

    Evidence: `expected` is 0 for linear, 1 for sigmoid, 2 for softmax; `low`, `high` and `row_sum` of the
    outputs where they were measured.
    """

    name: ClassVar[str] = "wrong_output"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the mismatch of activation and loss."""
        described = statistics.description
        if described is None:
            return None
        confidence, expected = _judged(described)
        if confidence == 0:
            return None
        evidence = {"expected": expected, "units": float(described.units)}
        for layer in statistics.layers:
            if layer.name == described.head:
                evidence |= {"low": layer.low, "high": layer.high, "row_sum": layer.row_sum}
        return Symptom(self.name, described.head, evidence, confidence)


def _judged(described: Description) -> tuple[float, float]:
    """Return (confidence, expected activation); confidence 0 where all is well."""
    activation, alone = described.activation, described.units == 1
    if activation == "softmax" and alone:
        return CERTAIN, SIGMOID if described.labels.classes else LINEAR
    if described.loss in CROSS_ENTROPIES:
        return _of_cross_entropy(described)
    if described.loss in REGRESSIONS and described.labels.classes and activation in ("relu", "tanh"):
        return SQUASHED, SIGMOID if alone else SOFTMAX
    if described.loss in REGRESSIONS and activation == "softmax" and not described.labels.one_hot:
        return 0.7, LINEAR
    return 0.0, LINEAR


def _of_cross_entropy(described: Description) -> tuple[float, float]:
    activation, before = described.activation, described.before
    binary = described.loss.startswith("binary") or described.kind == "binary"
    expected = SIGMOID if binary else SOFTMAX
    if described.from_logits:
        if activation in ("relu", "relu6", "tanh"):
            return SQUASHED, LINEAR
        return 0.0, LINEAR
    if binary:
        if activation in ("sigmoid", "softmax"):
            squashed = activation == "sigmoid" and before in _UNDER_SOFTMAX
            return (SQUASHED, expected) if squashed else (0.0, expected)
        return (HARMLESS if activation == "hard_sigmoid" else CERTAIN), expected
    if activation == "softmax":
        return _UNDER_SOFTMAX.get(before, HARMLESS if before == "relu" else 0.0), expected
    return _NORMALIZED.get(activation, CERTAIN), expected
