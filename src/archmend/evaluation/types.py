"""The one result object of an evaluation: what evaluation.json holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
PartOrAll = Literal["train", "validation", "test", "all"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())


class ClassFigures(_Frozen):
    """One class against the rest; null where the denominator is zero.

    Attributes:
        name: the class. support: rows that are of it.
        precision: tp / (tp + fp), null if it was never predicted. recall: tp / (tp + fn), null without
            rows of it. f1: 2 tp / (2 tp + fp + fn), null if it neither occurs nor was predicted.
        tp, tn, fp, fn: counts of rows.
    """

    name: str
    precision: Fraction | None
    recall: Fraction | None
    f1: Fraction | None
    support: Count
    tp: Count
    tn: Count
    fp: Count
    fn: Count


class RocCurve(_Frozen):
    """False against true positive rate of one class against the rest, from the strictest threshold on.

    Empty, with null area, for a class that has no rows or all of them.

    Attributes:
        auc: area below the whole curve, before it was thinned.
        fpr, tpr: rates 0..1, the first point (0, 0), the last (1, 1).
        thresholds: a row counts as positive from this probability on; the first is just above 1,
            which no row reaches.
    """

    name: str
    auc: Fraction | None
    fpr: tuple[Fraction, ...]
    tpr: tuple[Fraction, ...]
    thresholds: tuple[float, ...]


class PrecisionRecallCurve(_Frozen):
    """Precision against recall of one class against the rest, from the strictest threshold on.

    Empty, with null average precision, for a class without rows.

    Attributes:
        average_precision: of the whole curve, before it was thinned.
        precision, recall: fractions 0..1; the first point is (1, 0) by convention, nothing being predicted.
        thresholds: as of `RocCurve`.
    """

    name: str
    average_precision: Fraction | None
    precision: tuple[Fraction, ...]
    recall: tuple[Fraction, ...]
    thresholds: tuple[float, ...]


class LatencyMs(_Frozen):
    """Milliseconds that one row takes, measured warm: the median and the 95th percentile."""

    median: Annotated[float, Field(ge=0)]
    p95: Annotated[float, Field(ge=0)]


class Baselines(_Frozen):
    """Accuracies that a model has to beat, on the same rows.

    Attributes:
        majority: of always answering the most frequent class of the training part.
        logistic_regression: of a multinomial logistic regression on the encoded training rows, for texts on
            weights of their words (tf-idf).
        training_rows: how many rows the regression was fitted on. available_rows: how many there were.
    """

    majority: Fraction
    logistic_regression: Fraction
    training_rows: Count
    available_rows: Count


class Evaluation(_Frozen):
    """How good a model is on rows it should not have seen, and what it costs.

    Attributes:
        accuracy: fraction 0..1. average_precision: macro mean over the classes that have rows, each
            against the rest. loss: mean cross-entropy in nats.
        ece: expected calibration error, see `expected_calibration_error`.
        per_class, roc, precision_recall: one entry a class, in the classes' order.
        confusion_matrix: rows are the true classes, columns the predicted ones; counts.
        params: trainable parameters. flops: of one row's forward pass.
        size_bytes: of the `.keras` file. baselines: null if none were measured.
        data_digest, split_digest, test_digest: of the data; null for arrays in memory.
        part: which rows were used; null for arrays in memory. rows: how many.
        model_digest: sha256 of the model file; null for a model in memory.
        notes: sentences for a person.
    """

    schema_version: Literal[1] = 1
    accuracy: Fraction
    average_precision: Fraction
    loss: Annotated[float, Field(ge=0)]
    ece: Fraction
    per_class: tuple[ClassFigures, ...]
    confusion_matrix: tuple[tuple[Count, ...], ...]
    roc: tuple[RocCurve, ...]
    precision_recall: tuple[PrecisionRecallCurve, ...]
    params: Count
    flops: Count
    latency_ms: LatencyMs
    size_bytes: Count
    baselines: Baselines | None = None
    data_digest: str | None = None
    split_digest: str | None = None
    test_digest: str | None = None
    part: PartOrAll | None = None
    rows: Count
    model_digest: str | None = None
    notes: tuple[str, ...] = ()
