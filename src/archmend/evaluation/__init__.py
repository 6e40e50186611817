"""How good a finished model is, how sure it may be of itself, what it costs, and what is simpler.

Only `evaluate` needs Keras, and imports it when it is called.
"""

from archmend.evaluation.baselines import fit_baselines, word_weights
from archmend.evaluation.calibration import expected_calibration_error
from archmend.evaluation.curves import precision_recall_curves, roc_curves
from archmend.evaluation.evaluate import evaluate
from archmend.evaluation.per_class import class_figures, confusion_matrix
from archmend.evaluation.predictions import check_rows
from archmend.evaluation.types import (
    Baselines,
    ClassFigures,
    Evaluation,
    LatencyMs,
    PrecisionRecallCurve,
    RocCurve,
)
from archmend.evaluation.verdict import beats_baselines, verdict

__all__ = [
    "Baselines",
    "ClassFigures",
    "Evaluation",
    "LatencyMs",
    "PrecisionRecallCurve",
    "RocCurve",
    "beats_baselines",
    "check_rows",
    "class_figures",
    "confusion_matrix",
    "evaluate",
    "expected_calibration_error",
    "fit_baselines",
    "precision_recall_curves",
    "roc_curves",
    "verdict",
    "word_weights",
]
