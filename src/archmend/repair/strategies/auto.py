"""The default: each fault goes to the strategy that knows most about its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archmend.repair.remedy import Remedy
from archmend.repair.strategies.max_entropy import MaxEntropy
from archmend.repair.strategies.rules import Rules
from archmend.repair.strategy import RepairContext, RepairStrategy

SIGNAL = frozenset({"vanishing", "dying", "saturated", "entropy_collapse", "exploding"})
"""Symptoms of a signal that ends or runs away in some layer: its entropy shows before any training whether a
remedy helps."""


class Auto(RepairStrategy):
    """Maximum entropy for faults of the signal, before they have cost an epoch; the rules for the rest."""

    name: ClassVar[str] = "auto"

    def __init__(self) -> None:
        """Make one of each."""
        self._by_entropy, self._by_rules = MaxEntropy(), Rules()

    def rank(self, context: RepairContext) -> Sequence[Remedy]:
        """Return the ranking of the strategy for this kind of symptom."""
        early = context.statistics.epoch == 0
        chosen = self._by_entropy if early and context.symptom.name in SIGNAL else self._by_rules
        return chosen.rank(context)
