"""Repair: detectors see symptoms, strategies rank remedies, the loop tries, keeps or rolls back."""

from __future__ import annotations

from archmend.repair.candidates import Candidate
from archmend.repair.cloning import rebuild
from archmend.repair.decision import Decision
from archmend.repair.detector import Detector
from archmend.repair.detectors import DETECTORS
from archmend.repair.fit import RepairResult, fit
from archmend.repair.remedies import REMEDIES
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.strategies import REPAIR_STRATEGIES
from archmend.repair.strategy import RepairContext, RepairStrategy
from archmend.repair.values import EpochRecord, LayerStatistics, Symptom, TrainingStatistics


def detector_names() -> tuple[str, ...]:
    """Return the names of all detectors, installed packages' too."""
    return DETECTORS.names()


def remedy_names() -> tuple[str, ...]:
    """Return the names of all remedies, installed packages' too."""
    return REMEDIES.names()


def repair_strategy_names() -> tuple[str, ...]:
    """Return the names that `strategy` takes, `auto` first."""
    return ("auto", *REPAIR_STRATEGIES.names())


__all__ = [
    "Bench",
    "Candidate",
    "Decision",
    "Detector",
    "EpochRecord",
    "LayerStatistics",
    "Remedy",
    "RepairContext",
    "RepairResult",
    "RepairStrategy",
    "Symptom",
    "TrainingStatistics",
    "detector_names",
    "fit",
    "rebuild",
    "remedy_names",
    "repair_strategy_names",
]
