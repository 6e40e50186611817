"""Strategies: in what order remedies are tried."""

from __future__ import annotations

from archmend.repair.plugins import PartRegistry
from archmend.repair.strategies.auto import Auto
from archmend.repair.strategies.learned import Learned
from archmend.repair.strategies.max_entropy import MaxEntropy
from archmend.repair.strategies.random import RandomRepair
from archmend.repair.strategies.rules import Rules
from archmend.repair.strategy import RepairStrategy

REPAIR_STRATEGIES = PartRegistry[RepairStrategy](
    "repair strategy",
    "archmend.repair_strategies",
    RepairStrategy,  # type: ignore[type-abstract]
    (Auto, Rules, MaxEntropy, Learned, RandomRepair),
)

__all__ = ["REPAIR_STRATEGIES", "Auto", "Learned", "MaxEntropy", "RandomRepair", "Rules"]
