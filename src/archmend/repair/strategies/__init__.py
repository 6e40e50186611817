"""Strategies: in what order remedies are tried."""

from __future__ import annotations

from archmend.repair.plugins import PartRegistry
from archmend.repair.strategies.random import RandomRepair
from archmend.repair.strategies.rules import Rules
from archmend.repair.strategy import RepairStrategy

REPAIR_STRATEGIES = PartRegistry[RepairStrategy](
    "repair strategy",
    "archmend.repair_strategies",
    RepairStrategy,  # type: ignore[type-abstract]
    (Rules, RandomRepair),
)
DEFAULT = "rules"
"""What `auto` stands for."""

__all__ = ["DEFAULT", "REPAIR_STRATEGIES", "RandomRepair", "Rules"]
