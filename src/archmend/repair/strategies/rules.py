"""Symptom -> ordered remedies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archmend.repair.remedy import Remedy
from archmend.repair.strategy import RepairContext, RepairStrategy

RULES: Mapping[str, Sequence[str]] = {
    "exploding": (
        "activation_elu",
        "activation_selu",
        "reinitialize",
        "batch_normalization",
        "reinitialize_layer",
        "lower_learning_rate",
        "clip_gradients",
    ),
    "vanishing": (
        "activation_elu",
        "activation_selu",
        "activation_relu",
        "reinitialize_layer",
        "residual",
        "batch_normalization",
    ),
    "dying": (
        "activation_elu",
        "activation_selu",
        "reinitialize_layer",
        "reinitialize",
        "reset_biases",
        "batch_normalization",
    ),
    "saturated": ("reinitialize", "batch_normalization", "activation_selu", "activation_relu"),
    "entropy_collapse": ("reinitialize", "batch_normalization", "activation_selu", "reinitialize_layer"),
    "zero_initialization": ("reinitialize_layer", "reinitialize"),
    "symmetric_initialization": ("reinitialize_layer", "reinitialize"),
    "wrong_output": ("correct_output",),
    "wrong_loss": ("correct_output",),
    "labels_outside": ("correct_output",),
    "softmax_hidden": ("hidden_softmax_to_relu",),
    "unscaled_input": ("scale_input", "batch_normalization"),
    "learning_rate_high": ("set_learning_rate", "lower_learning_rate", "clip_gradients"),
    "learning_rate_low": ("set_learning_rate", "raise_learning_rate", "optimizer_adam"),
    "slow_convergence": (
        "set_learning_rate",
        "raise_learning_rate",
        "optimizer_adam",
        "batch_normalization",
        "lower_learning_rate",
        "activation_selu",
        "widen",
    ),
    "plateau": (
        "lower_learning_rate",
        "cosine_schedule",
        "set_learning_rate",
        "optimizer_adam",
        "widen",
        "batch_normalization",
    ),
    "oscillation": (
        "lower_learning_rate",
        "cosine_schedule",
        "larger_batches",
        "clip_gradients",
        "optimizer_adam",
    ),
    "overfitting": ("dropout", "raise_weight_decay", "lower_learning_rate", "stop_early"),
    "bottleneck": ("widen", "residual", "deepen"),
    "class_collapse": ("reinitialize", "lower_learning_rate", "batch_normalization", "activation_selu"),
    "weight_decay": ("lower_weight_decay",),
    "heavy_dropout": ("lower_dropout",),
    "plasticity_loss": ("reinitialize_dormant", "layer_normalization", "lower_learning_rate"),
}
"""What to try for a symptom, best first: what removes the cause stands before what only treats its effects. A
fault after the first epoch has learned weights to lose, see `LATE_RULES`."""

LATE_RULES: Mapping[str, Sequence[str]] = {
    "exploding": (
        "clip_gradients",
        "lower_learning_rate",
        "batch_normalization",
        "activation_selu",
        "reinitialize",
    ),
    "dying": (
        "reset_biases",
        "reinitialize_dormant",
        "lower_learning_rate",
        "activation_elu",
        "batch_normalization",
    ),
    "saturated": ("lower_learning_rate", "batch_normalization", "reinitialize_layer", "activation_selu"),
    "class_collapse": ("lower_learning_rate", "optimizer_adam", "batch_normalization", "reinitialize"),
}
"""For symptoms seen after the first epoch: what keeps the learned weights comes first."""


def rule(context: RepairContext) -> Sequence[str] | None:
    """Return the names of remedies for the symptom, best first; None for one that no rule names."""
    table = {**RULES, **LATE_RULES} if context.statistics.epoch > 0 else RULES
    return table.get(context.symptom.name)


class Rules(RepairStrategy):
    """Ranks by a fixed table; a symptom that the table does not name (a third party's) gets every remedy."""

    name: ClassVar[str] = "rules"

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the remedies that the table names for the symptom, in its order."""
        order = rule(context)
        if order is None:
            return list(context.remedies)
        known = {remedy.name: remedy for remedy in context.remedies}
        return [known[name] for name in order if name in known]
