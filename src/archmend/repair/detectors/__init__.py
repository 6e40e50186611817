"""Detectors: one symptom, one file; pure functions of training statistics."""

from __future__ import annotations

from archmend.repair.detector import Detector
from archmend.repair.detectors.bottleneck import Bottleneck
from archmend.repair.detectors.class_collapse import ClassCollapse
from archmend.repair.detectors.dying import Dying
from archmend.repair.detectors.entropy_collapse import EntropyCollapse
from archmend.repair.detectors.exploding import Exploding
from archmend.repair.detectors.heavy_dropout import HeavyDropout
from archmend.repair.detectors.labels_outside import LabelsOutside
from archmend.repair.detectors.learning_rate_high import LearningRateHigh
from archmend.repair.detectors.learning_rate_low import LearningRateLow
from archmend.repair.detectors.oscillation import Oscillation
from archmend.repair.detectors.overfitting import Overfitting
from archmend.repair.detectors.plasticity_loss import PlasticityLoss
from archmend.repair.detectors.plateau import Plateau
from archmend.repair.detectors.saturated import Saturated
from archmend.repair.detectors.slow_convergence import SlowConvergence
from archmend.repair.detectors.softmax_hidden import SoftmaxHidden
from archmend.repair.detectors.symmetric_initialization import SymmetricInitialization
from archmend.repair.detectors.unscaled_input import UnscaledInput
from archmend.repair.detectors.vanishing import Vanishing
from archmend.repair.detectors.weight_decay import WeightDecay
from archmend.repair.detectors.wrong_loss import WrongLoss
from archmend.repair.detectors.wrong_output import WrongOutput
from archmend.repair.detectors.zero_initialization import ZeroInitialization
from archmend.repair.plugins import PartRegistry

# From cause to effect: of equally sure symptoms the one further up counts.
DETECTORS = PartRegistry[Detector](
    "detector",
    "archmend.detectors",
    Detector,  # type: ignore[type-abstract]
    (
        LabelsOutside,
        WrongOutput,
        WrongLoss,
        HeavyDropout,
        Exploding,
        UnscaledInput,
        ZeroInitialization,
        SymmetricInitialization,
        SoftmaxHidden,
        Dying,
        Saturated,
        Vanishing,
        EntropyCollapse,
        WeightDecay,
        LearningRateHigh,
        LearningRateLow,
        Bottleneck,
        ClassCollapse,
        Oscillation,
        SlowConvergence,
        Plateau,
        PlasticityLoss,
        Overfitting,
    ),
)

__all__ = [
    "DETECTORS",
    "Bottleneck",
    "ClassCollapse",
    "Dying",
    "EntropyCollapse",
    "Exploding",
    "HeavyDropout",
    "LabelsOutside",
    "LearningRateHigh",
    "LearningRateLow",
    "Oscillation",
    "Overfitting",
    "PlasticityLoss",
    "Plateau",
    "Saturated",
    "SlowConvergence",
    "SoftmaxHidden",
    "SymmetricInitialization",
    "UnscaledInput",
    "Vanishing",
    "WeightDecay",
    "WrongLoss",
    "WrongOutput",
    "ZeroInitialization",
]
