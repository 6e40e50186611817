"""Everything that is said of a finished model, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archmend.datasets import Features, row_count
from archmend.errors import BadInput
from archmend.evaluation.calibration import expected_calibration_error
from archmend.evaluation.curves import precision_recall_curves, roc_curves
from archmend.evaluation.per_class import class_figures, confusion_matrix
from archmend.evaluation.predictions import as_tensors, check_labels, check_rows, probabilities_of
from archmend.evaluation.size import saved_size
from archmend.evaluation.types import Baselines, Evaluation, LatencyMs


def evaluate(
    model: Any,
    x: Features,
    y: np.ndarray,
    *,
    baselines: Baselines | None = None,
    class_names: Sequence[str] | None = None,
    size_bytes: int | None = None,
) -> Evaluation:
    """Measure a classifier on rows that it was not trained on, and what it costs.

    Args:
        model: a built Keras model with one output: softmax, one sigmoid unit, or logits if its loss was
            compiled with `from_logits=True`.
        x: rows as the model takes them, (rows, *shape), or a dict of columns (rows,).
        y: class indices (rows,).
        baselines: what it has to beat, from `fit_baselines`.
        class_names: names in the classes' order; the indices if None.
        size_bytes: of the model's file, where there is one; None saves the model to measure it.

    Raises:
        BadInput: rows that the model does not take, labels outside its classes, an output that is no
            probability, another number of names than classes.
        MissingExtra: TensorFlow is not installed.
    """
    from archmend.networks import count_flops, count_params, measure_latency
    from archmend.networks.backend import require_tensorflow
    from archmend.training import classification_metrics

    require_tensorflow()
    check_rows(model, x)
    y = np.asarray(y)
    classes = max(2, int(model.outputs[0].shape[-1]))
    check_labels(y, row_count(x), classes)
    names = _names(class_names, classes)
    probabilities = probabilities_of(model, x)
    metrics = classification_metrics(probabilities, y, classes)
    matrix = confusion_matrix(probabilities.argmax(axis=1), y, classes)
    latency = measure_latency(model, as_tensors(model, x, slice(0, 1)))
    return Evaluation(
        accuracy=float(metrics["accuracy"]),
        average_precision=min(1.0, float(metrics["average_precision"])),
        loss=float(metrics["loss"]),
        ece=expected_calibration_error(probabilities, y),
        per_class=class_figures(matrix, names),
        confusion_matrix=tuple(tuple(int(count) for count in row) for row in matrix),
        roc=roc_curves(probabilities, y, names),
        precision_recall=precision_recall_curves(probabilities, y, names),
        params=count_params(model),
        flops=count_flops(model),
        latency_ms=LatencyMs(median=latency.median_ms, p95=latency.p95_ms),
        size_bytes=saved_size(model) if size_bytes is None else size_bytes,
        baselines=baselines,
        rows=len(y),
    )


def _names(names: Sequence[str] | None, classes: int) -> tuple[str, ...]:
    if names is None:
        return tuple(str(index) for index in range(classes))
    if len(names) != classes:
        raise BadInput(
            f"the model tells {classes} classes apart and the data has {len(names)} ({', '.join(names)}); "
            "evaluate on data with the classes that the model was made for"
        )
    return tuple(names)
