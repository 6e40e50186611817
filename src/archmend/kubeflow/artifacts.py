"""From archmend's results to kfp's artifacts: the only place that knows what kfp can take.

kfp serialises metrics as JSON numbers, so NumPy scalars, NaN and infinity must not reach it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from archmend.evaluation import Evaluation
from archmend.search import SearchProgress
from archmend.storage import is_remote

_SMALLEST_THRESHOLD_ABOVE_ONE = 1.0


def remote_uri(artifact: Any) -> str | None:
    """Return where an artifact lies for every node of the cluster; None if it lies here alone."""
    uri = str(artifact.uri)
    return uri if is_remote(uri) else None


def say_trial(progress: SearchProgress) -> None:
    """Print where a search stands, a line for each trial that ended."""
    last, best = progress.last, progress.best
    if last is None:
        return
    of = "" if progress.trials is None else f" of {progress.trials}"
    what = last.value if last.value is not None else last.reason
    stands = f"best {best.value} (trial {best.id})" if best is not None else "no best yet"
    print(f"trial {last.id} {last.status}: {what}; {stands}; {progress.finished}{of} done", flush=True)


def say_epoch(progress: Any) -> None:
    """Print where a repair stands, a line for each epoch."""
    print(
        f"epoch {progress.epoch} of {progress.epochs}: validation accuracy {progress.accuracy:.4f}, "
        f"{progress.decisions} remedies tried",
        flush=True,
    )


def log_metrics(artifact: Any, values: Mapping[str, Any]) -> None:
    """Put numbers into a kfp Metrics artifact; what is no finite number is left out.

    Args:
        artifact: a `kfp.dsl.Metrics`.
        values: by name.
    """
    for name, value in values.items():
        if isinstance(value, bool) or value is None:
            continue
        number = float(value)
        if math.isfinite(number):
            artifact.log_metric(name, number)


def log_evaluation(metrics: Any, classification: Any, evaluation: Evaluation) -> None:
    """Put an evaluation into kfp's two kinds of metrics.

    The ROC curve is that of the class with the smallest area, as kfp shows one curve.

    Args:
        metrics: a `kfp.dsl.Metrics`.
        classification: a `kfp.dsl.ClassificationMetrics`.
        evaluation: what was measured.
    """
    baselines = evaluation.baselines
    log_metrics(
        metrics,
        {
            "accuracy": evaluation.accuracy,
            "average_precision": evaluation.average_precision,
            "loss": evaluation.loss,
            "ece": evaluation.ece,
            "params": evaluation.params,
            "flops": evaluation.flops,
            "latency_ms": evaluation.latency_ms.median,
            "logistic_regression": baselines.logistic_regression if baselines else None,
            "majority": baselines.majority if baselines else None,
        },
    )
    names = [figures.name for figures in evaluation.per_class]
    classification.log_confusion_matrix(names, [list(row) for row in evaluation.confusion_matrix])
    known = [curve for curve in evaluation.roc if curve.auc is not None]
    if known:
        worst = min(known, key=lambda curve: curve.auc or 0.0)
        thresholds = [min(t, _SMALLEST_THRESHOLD_ABOVE_ONE) for t in worst.thresholds]
        classification.log_roc_curve(list(worst.fpr), list(worst.tpr), thresholds)
