"""Training one network, and the evaluators that a search hands its suggestions to.

TensorFlow is imported by what needs it: the workers, and `KerasEvaluator` when it is made.
"""

from archmend.training.continuing import earlier_trial, promotable
from archmend.training.keras_evaluator import KerasEvaluator
from archmend.training.metrics import classification_metrics, confusion_counts
from archmend.training.parents import Inherit, parent_chooser
from archmend.training.pool import PooledEvaluator
from archmend.training.results import trial_result
from archmend.training.rows import encoded_bytes
from archmend.training.task import (
    SEARCH_OVER,
    TIME_OVER,
    Report,
    Task,
    TrainingSettings,
    order_seed,
    trial_seed,
    weights_file,
)

__all__ = [
    "SEARCH_OVER",
    "TIME_OVER",
    "Inherit",
    "KerasEvaluator",
    "PooledEvaluator",
    "Report",
    "Task",
    "TrainingSettings",
    "classification_metrics",
    "confusion_counts",
    "earlier_trial",
    "encoded_bytes",
    "order_seed",
    "parent_chooser",
    "promotable",
    "trial_result",
    "trial_seed",
    "weights_file",
]
