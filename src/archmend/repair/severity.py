"""How bad a symptom is: whether a network with it can learn at all."""

from __future__ import annotations

from archmend.repair.values import Symptom

STRUCTURAL = frozenset(
    {
        "vanishing",
        "dying",
        "saturated",
        "entropy_collapse",
        "zero_initialization",
        "symmetric_initialization",
        "wrong_output",
        "softmax_hidden",
    }
)
"""Symptoms of how a network is built, which no further training mends."""
CERTAIN = 0.9
"""Confidence from which a fault that shows before it has learned anything counts as one that keeps it from
learning."""

CAUSES = {
    "unscaled_input": "scale_input",
    "wrong_loss": "correct_output",
    "heavy_dropout": "lower_dropout",
    "weight_decay": "lower_weight_decay",
    "learning_rate_low": "set_learning_rate",
}
"""Faults of data and settings that are known without training and may make others, and the remedy of each."""


def hopeless(symptom: Symptom) -> bool:
    """Whether a network with this symptom is not worth training for a comparison."""
    return symptom.fatal or (symptom.name in STRUCTURAL and symptom.confidence >= CERTAIN)
