"""The export step: a model file in, a LiteRT file out, and what the change of form cost."""

from __future__ import annotations

import hashlib

import numpy as np
from pydantic import BaseModel, ConfigDict

from archmend.evaluation.predictions import as_probabilities, as_tensors, probabilities_of
from archmend.evaluation.types import LatencyMs, PartOrAll
from archmend.networks import Latency, measure_latency
from archmend.networks.lite import LiteModel, Weights, to_lite
from archmend.steps.model_on_rows import ModelOnRows, open_model
from archmend.storage import write_atomic

LITE_FILE = "model.tflite"
EXPORT_FILE = "export.json"
_BATCH = 256


class ExportRequest(ModelOnRows):
    """What to export, and the rows by which the file is compared with the model.

    Attributes:
        weights: what the file keeps weights as.
    """

    weights: Weights = "float32"


class Form(BaseModel):
    """A network in one form.

    Attributes:
        size_bytes: of the file. accuracy: on the rows compared, 0 to 1.
        latency_ms: of one row on this machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_bytes: int
    accuracy: float
    latency_ms: LatencyMs


class Exported(BaseModel):
    """What export.json holds.

    Attributes:
        weights: what the file keeps weights as. keras, lite: the model as it was, and as it is exported.
        agreement: share of the rows for which both name the same class.
        part: which rows were compared. rows: how many.
        model_digest, lite_digest: SHA-256 of the two files. notes: what a reader has to know of the rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    weights: Weights
    keras: Form
    lite: Form
    agreement: float
    part: PartOrAll
    rows: int
    model_digest: str
    lite_digest: str
    notes: tuple[str, ...] = ()


def export(request: ExportRequest) -> Exported:
    """Write a model as a LiteRT file, run both forms on the same rows, and write what that showed.

    Raises:
        BadInput: no such model or data, a model that does not fit the data or that the format cannot hold.
        MissingExtra: TensorFlow is not installed. Unavailable: the disk or a remote place fails.
    """
    opened = open_model(request)
    model, rows = opened.model, opened.rows
    lite_content = to_lite(model, request.weights)
    lite = LiteModel(lite_content)
    before = probabilities_of(model, rows.x).argmax(axis=1)
    places = range(0, len(rows.y), _BATCH)
    arrays = [np.asarray(as_tensors(model, rows.x, slice(i, i + _BATCH))) for i in places]
    outputs = np.concatenate([lite.predict(array) for array in arrays])
    after = as_probabilities(model, outputs).argmax(axis=1)
    first = arrays[0][:1]
    result = Exported(
        weights=request.weights,
        keras=_form(opened.content, before, rows.y, measure_latency(model, first)),
        lite=_form(lite_content, after, rows.y, lite.latency(first)),
        agreement=float(np.mean(before == after)),
        part=request.part,
        rows=len(rows.y),
        model_digest=hashlib.sha256(opened.content).hexdigest(),
        lite_digest=hashlib.sha256(lite_content).hexdigest(),
        notes=opened.notes,
    )
    write_atomic(request.out / LITE_FILE, lite_content)
    write_atomic(request.out / EXPORT_FILE, result.model_dump_json(indent=2) + "\n")
    return result


def _form(content: bytes, named: np.ndarray, labels: np.ndarray, latency: Latency) -> Form:
    return Form(
        size_bytes=len(content),
        accuracy=float(np.mean(named == labels)),
        latency_ms=LatencyMs(median=latency.median_ms, p95=latency.p95_ms),
    )
