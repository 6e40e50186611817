"""Among the remedies the one after which the layer that says least says most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from archmend.repair.limits import TRIALS_A_SYMPTOM
from archmend.repair.remedy import Remedy
from archmend.repair.strategies.rules import rule
from archmend.repair.strategy import RepairContext, RepairStrategy
from archmend.repair.values import TrainingStatistics

HEALTHY = 0.25
"""Nats of the smallest layer entropy from which a network at its start learned, in all of the runs that were
looked at; below it the more the better, above it entropy says nothing more of how a network will train."""
STEP = 0.05
"""Nats by which two entropies must differ to count as different: about what another draw of weights does."""
ENOUGH = round(HEALTHY / STEP)
"""Such steps in `HEALTHY`: no entropy counts for more."""


class MaxEntropy(RepairStrategy):
    """Maximises the smallest layer entropy right after the remedy, before any training.

    The entropy of a layer over a batch (Peer et al., "Improving the Trainability of Deep Neural Networks
    through Layerwise Batch-Entropy Regularization", TMLR 2022) is what the layers behind it can still tell
    apart. A remedy costs one forward and backward pass to look at; the candidates are those that the rules
    name for the symptom. What leaves a network with enough of it in every layer stays in the rules' order.
    """

    name: ClassVar[str] = "max_entropy"

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the remedies by the smallest layer entropy after them, without those that end in NaN."""
        order = rule(context) or tuple(remedy.name for remedy in context.remedies)
        place = {name: number for number, name in enumerate(order)}
        named = sorted(
            (remedy for remedy in context.remedies if remedy.name in place), key=lambda one: place[one.name]
        )
        scored: list[tuple[int, Remedy]] = []
        for remedy in named:
            if sum(score == ENOUGH for score, _ in scored) == TRIALS_A_SYMPTOM:
                # What comes later in the rules' order could only come behind these.
                break
            ahead = self._ahead(remedy, context)
            entropy = -math.inf if ahead is None else smallest_entropy(ahead)
            if entropy > -math.inf:
                scored.append((round(min(entropy, HEALTHY) / STEP), remedy))
        return [remedy for _, remedy in sorted(scored, key=lambda one: -one[0])]

    def _ahead(self, remedy: Remedy, context: RepairContext) -> TrainingStatistics | None:
        # Where neither weights nor layers change, the signal is as it was.
        same = remedy.keeps_function and remedy.kind == "parameters"
        return context.statistics if same else context.look_ahead(remedy)


def smallest_entropy(statistics: TrainingStatistics) -> float:
    """Return the smallest entropy of a hidden layer in nats.

    It is infinite where none was measured, and negative infinite where a value of the network is not finite.
    """
    if not all(layer.finite for layer in statistics.layers):
        return -math.inf
    measured = [layer.entropy for layer in statistics.hidden if not math.isnan(layer.entropy)]
    return min(measured, default=math.inf)
