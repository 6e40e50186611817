"""Remedies: one small edit, one file."""

from __future__ import annotations

from archmend.repair.plugins import PartRegistry
from archmend.repair.remedies.activation import ActivationElu, ActivationRelu, ActivationSelu
from archmend.repair.remedies.batches import LargerBatches, SmallerBatches, UsualBatches
from archmend.repair.remedies.clipping import ClipGradients
from archmend.repair.remedies.correct_output import CorrectOutput
from archmend.repair.remedies.deepen import Deepen
from archmend.repair.remedies.dropout import Dropout, LowerDropout
from archmend.repair.remedies.hidden_softmax import HiddenSoftmaxToRelu
from archmend.repair.remedies.learning_rate import LowerLearningRate, RaiseLearningRate
from archmend.repair.remedies.normalization import BatchNormalization, LayerNormalization
from archmend.repair.remedies.optimizer import OptimizerAdam, OptimizerSgd
from archmend.repair.remedies.reinitialize import Reinitialize
from archmend.repair.remedies.reinitialize_dormant import ReinitializeDormant
from archmend.repair.remedies.reinitialize_layer import ReinitializeLayer
from archmend.repair.remedies.remove_layer import RemoveLayer
from archmend.repair.remedies.reset_biases import ResetBiases
from archmend.repair.remedies.residual import Residual
from archmend.repair.remedies.scale_input import ScaleInput
from archmend.repair.remedies.schedule import CosineSchedule, WarmUp
from archmend.repair.remedies.set_learning_rate import SetLearningRate
from archmend.repair.remedies.stop_early import StopEarly
from archmend.repair.remedies.weight_decay import LowerWeightDecay, RaiseWeightDecay
from archmend.repair.remedies.widen import Widen
from archmend.repair.remedies.widen_to_depth import WidenToDepth
from archmend.repair.remedy import Remedy

REMEDIES = PartRegistry[Remedy](
    "remedy",
    "archmend.remedies",
    Remedy,  # type: ignore[type-abstract]
    (
        CorrectOutput,
        ScaleInput,
        HiddenSoftmaxToRelu,
        SetLearningRate,
        LowerLearningRate,
        RaiseLearningRate,
        WarmUp,
        CosineSchedule,
        ClipGradients,
        OptimizerAdam,
        OptimizerSgd,
        LargerBatches,
        SmallerBatches,
        UsualBatches,
        Reinitialize,
        ReinitializeLayer,
        ReinitializeDormant,
        ResetBiases,
        ActivationRelu,
        ActivationSelu,
        ActivationElu,
        BatchNormalization,
        LayerNormalization,
        Residual,
        Widen,
        WidenToDepth,
        Deepen,
        RemoveLayer,
        Dropout,
        LowerDropout,
        LowerWeightDecay,
        RaiseWeightDecay,
        StopEarly,
    ),
)


def remedy_names() -> tuple[str, ...]:
    """Return the names of all remedies, installed packages' too."""
    return REMEDIES.names()


__all__ = ["REMEDIES", "remedy_names"]
