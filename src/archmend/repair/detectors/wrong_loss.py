"""A loss that does not measure what the labels ask for."""

from __future__ import annotations

from typing import ClassVar

from archmend.repair.detector import Detector
from archmend.repair.detectors.common import SIGMOID, SOFTMAX, When
from archmend.repair.losses import CROSS_ENTROPIES
from archmend.repair.values import Description, Symptom, TrainingStatistics

REGRESSION_ON_CLASSES = {
    "mean_absolute_percentage_error": 1.0,
    "mean_absolute_error": 0.8,
    "mean_squared_logarithmic_error": 0.6,
    "mean_squared_error": 0.55,
    "huber": 0.55,
    "log_cosh": 0.55,
    "poisson": 0.45,
    "cosine_similarity": 0.45,
}
"""How surely a loss of regression hinders classes. Calibrated on faults.regression_loss: with the percentage
error none learns, with the absolute error most stay below, with the squared error they are slower."""
TWICE = 0.6
"""`from_logits` with an output that is already a probability. Keras takes the logits under it
and trains well; who takes the loss at its word puts the outputs through a second one."""
ONE_OF_ONE = 1.0
"""A cross-entropy over one class is 0 whatever the network says."""


class WrongLoss(Detector):
    """A loss of regression on classes, one for logits on probabilities, or one over a single class.

    Evidence: `expected` is the activation that goes with the right loss (1 sigmoid and binary, 2 softmax and
    categorical cross-entropy); `values`: how many different labels there are; `units` of the output.
    """

    name: ClassVar[str] = "wrong_loss"
    when: ClassVar[When] = "probe"

    def look(self, statistics: TrainingStatistics) -> Symptom | None:
        """Return the mismatch of loss and labels."""
        described = statistics.description
        confidence = 0.0 if described is None else _judged(described)
        if described is None or confidence == 0:
            return None
        expected = SIGMOID if described.units == 1 or described.kind == "binary" else SOFTMAX
        evidence = {
            "expected": expected,
            "values": float(described.labels.values),
            "units": float(described.units),
        }
        return Symptom(self.name, described.head, evidence, confidence)


def _judged(described: Description) -> float:
    if described.labels.classes and described.loss in REGRESSION_ON_CLASSES:
        return REGRESSION_ON_CLASSES[described.loss]
    if described.loss in CROSS_ENTROPIES:
        if described.units == 1 and not described.loss.startswith("binary"):
            return ONE_OF_ONE
        if described.from_logits and described.activation in ("softmax", "sigmoid"):
            return TWICE
    return 0.0
