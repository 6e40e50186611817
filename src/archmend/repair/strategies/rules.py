"""Symptom -> ordered remedies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archmend.repair.remedy import Remedy
from archmend.repair.strategy import RepairContext, RepairStrategy

RULES: Mapping[str, Sequence[str]] = {
    "exploding": (
        "activation_selu",
        "activation_elu",
        "batch_normalization",
        "clip_gradients",
        "lower_learning_rate",
        "reinitialize",
    ),
    "vanishing": ("activation_selu", "activation_elu", "batch_normalization", "reinitialize", "residual"),
    "dying": (
        "activation_selu",
        "activation_elu",
        "batch_normalization",
        "reinitialize",
        "reinitialize_dormant",
    ),
    "slow_convergence": (
        "raise_learning_rate",
        "optimizer_adam",
        "lower_learning_rate",
        "activation_selu",
        "widen",
    ),
    "overfitting": ("dropout", "lower_learning_rate"),
}
"""What to try for a symptom, best first: AUTOTRAINER's remedies with the ones that mend in place before those
that only treat the optimiser. A fault after the first batches has learned weights to lose, see
`LATE_RULES`."""

LATE_RULES: Mapping[str, Sequence[str]] = {
    "exploding": (
        "clip_gradients",
        "lower_learning_rate",
        "batch_normalization",
        "activation_selu",
        "reinitialize",
    ),
    "dying": ("reinitialize_dormant", "lower_learning_rate", "activation_elu", "batch_normalization"),
}
"""For symptoms seen after the first epoch: what keeps the learned weights comes first."""


class Rules(RepairStrategy):
    """Ranks by a fixed table; a symptom that the table does not name (a third party's) gets every remedy."""

    name: ClassVar[str] = "rules"

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the remedies that the table names for the symptom, in its order."""
        late = context.statistics.epoch > 0
        table = {**RULES, **LATE_RULES} if late else RULES
        order = table.get(context.symptom.name)
        if order is None:
            return list(context.remedies)
        known = {remedy.name: remedy for remedy in context.remedies}
        return [known[name] for name in order if name in known]
