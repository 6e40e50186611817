"""Detectors: one symptom, one file; pure functions of training statistics."""

from __future__ import annotations

from archmend.repair.detector import Detector
from archmend.repair.detectors.dying import Dying
from archmend.repair.detectors.exploding import Exploding
from archmend.repair.detectors.overfitting import Overfitting
from archmend.repair.detectors.slow_convergence import SlowConvergence
from archmend.repair.detectors.vanishing import Vanishing
from archmend.repair.plugins import PartRegistry

# In the order in which they are asked: what is fatal comes first, then what explains the rest.
DETECTORS = PartRegistry[Detector](
    "detector",
    "archmend.detectors",
    Detector,  # type: ignore[type-abstract]
    (Exploding, Dying, Vanishing, SlowConvergence, Overfitting),
)

__all__ = ["DETECTORS", "Dying", "Exploding", "Overfitting", "SlowConvergence", "Vanishing"]
