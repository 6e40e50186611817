"""The control: the same remedies in a random order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archmend.repair.remedy import Remedy
from archmend.repair.strategy import RepairContext, RepairStrategy


class RandomRepair(RepairStrategy):
    """Ranks uniformly at random, whatever the symptom (Kim et al., ICST 2023: hard to beat)."""

    name: ClassVar[str] = "random"

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return all remedies in an order drawn by the context's generator."""
        return [context.remedies[i] for i in context.rng.permutation(len(context.remedies))]
