"""Repair: detectors see symptoms, strategies rank remedies, the loop tries, keeps or rolls back.

Names that need Keras are imported when they are asked for, so that a decision can be read, or a strategy's
name checked, without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archmend.repair.decision import Decision
from archmend.repair.detector import Detector
from archmend.repair.findings import Diagnosis, Finding
from archmend.repair.keeper import Keeper, Resumed
from archmend.repair.names import detector_names, repair_strategy_names
from archmend.repair.strategy import RepairContext, RepairStrategy
from archmend.repair.values import EpochRecord, LayerStatistics, Symptom, TrainingStatistics

if TYPE_CHECKING:
    from archmend.repair.candidates import Candidate
    from archmend.repair.cloning import rebuild
    from archmend.repair.diagnosing import diagnose
    from archmend.repair.fitting import RepairResult, fit
    from archmend.repair.remedies import remedy_names
    from archmend.repair.remedy import Bench, Remedy

_NEED_KERAS = {
    "Bench": "remedy",
    "Candidate": "candidates",
    "Remedy": "remedy",
    "RepairResult": "fitting",
    "diagnose": "diagnosing",
    "fit": "fitting",
    "rebuild": "cloning",
    "remedy_names": "remedies",
}


def __getattr__(name: str) -> Any:
    if name not in _NEED_KERAS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from archmend.networks import require_tensorflow

    require_tensorflow()
    found = getattr(import_module(f"{__name__}.{_NEED_KERAS[name]}"), name)
    globals()[name] = found
    return found


__all__ = [
    "Bench",
    "Candidate",
    "Decision",
    "Detector",
    "Diagnosis",
    "EpochRecord",
    "Finding",
    "Keeper",
    "LayerStatistics",
    "Remedy",
    "RepairContext",
    "RepairResult",
    "RepairStrategy",
    "Resumed",
    "Symptom",
    "TrainingStatistics",
    "detector_names",
    "diagnose",
    "fit",
    "rebuild",
    "remedy_names",
    "repair_strategy_names",
]
