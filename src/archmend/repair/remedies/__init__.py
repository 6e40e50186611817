"""Remedies: one small edit, one file."""

from __future__ import annotations

from archmend.repair.plugins import PartRegistry
from archmend.repair.remedies.activation import ActivationElu, ActivationSelu
from archmend.repair.remedies.dropout import Dropout
from archmend.repair.remedies.learning_rate import LowerLearningRate, RaiseLearningRate
from archmend.repair.remedies.normalization import BatchNormalization
from archmend.repair.remedies.optimizer import ClipGradients, OptimizerAdam
from archmend.repair.remedies.reinitialize import Reinitialize, ReinitializeDormant
from archmend.repair.remedies.residual import Residual
from archmend.repair.remedies.widen import Widen
from archmend.repair.remedy import Remedy

REMEDIES = PartRegistry[Remedy](
    "remedy",
    "archmend.remedies",
    Remedy,  # type: ignore[type-abstract]
    (
        LowerLearningRate,
        RaiseLearningRate,
        ClipGradients,
        OptimizerAdam,
        Reinitialize,
        ReinitializeDormant,
        ActivationSelu,
        ActivationElu,
        BatchNormalization,
        Dropout,
        Widen,
        Residual,
    ),
)


def remedy_names() -> tuple[str, ...]:
    """Return the names of all remedies, installed packages' too."""
    return REMEDIES.names()


__all__ = ["REMEDIES", "remedy_names"]
