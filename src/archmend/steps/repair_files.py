"""The files that a repair leaves: history.csv, probes.jsonl, repair.json and model.keras."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from archmend.datasets import Prepared
from archmend.steps.repair_start import RepairRequest, Start
from archmend.storage import write_atomic

if TYPE_CHECKING:
    from archmend.repair import Candidate, Decision, RepairResult

HISTORY, DECISIONS, PROBES = "history.csv", "decisions.jsonl", "probes.jsonl"
SUMMARY, MODEL = "repair.json", "model.keras"


class CandidateRecord(BaseModel):
    """A candidate in repair.json; value and loss are None where validation was never finite."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    remedies: tuple[str, ...]
    value: float | None
    loss: float | None
    epochs: float
    kept: bool


class RepairRecord(BaseModel):
    """repair.json: the whole repair in short.

    Attributes:
        architecture: of the result, where there is a space; start: what it began with (a code or a file).
        best: name of the candidate that the model is. metrics: of the model on the validation part.
        patch: what to change in the code of the starting model to have been right from the start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    start: str
    architecture: str | None
    space: str | None
    strategy: str
    seed: int
    epochs: int
    best: str
    decisions: int
    kept: int
    candidates: tuple[CandidateRecord, ...]
    metrics: dict[str, float]
    seconds: float
    data_digest: str
    split_digest: str
    patch: tuple[str, ...] = ()


@dataclass(frozen=True)
class RepairOutcome:
    """What came of it: the saved model, the record of repair.json, decisions, history, validation metrics."""

    model_path: Path
    record: RepairRecord
    decisions: tuple[Decision, ...]
    history: Mapping[str, list[float]]
    metrics: Mapping[str, float]


def write_history(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one line an epoch under history.csv's names."""
    from archmend.repair.values import HISTORY_NAMES

    text = io.StringIO()
    writer = csv.DictWriter(text, HISTORY_NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(folder / HISTORY, text.getvalue())


def write_results(
    request: RepairRequest, prepared: Prepared, start: Start, result: RepairResult, seconds: float
) -> RepairOutcome:
    """Write the files of a repair that has ended, model.keras last, so that its presence means done."""
    from archmend.networks import same_architecture, save_model, with_encoder
    from archmend.training import classification_metrics

    info = prepared.info
    architecture = None
    if start.space is not None:
        architecture = str(same_architecture(result.model, start.space, start.architecture))
    output = result.model.predict(_readable(start.validation.x), verbose=0, batch_size=1024)
    probabilities = _probabilities(output, _gives_logits(result.model))
    metrics = classification_metrics(probabilities, prepared.validation.y, len(info.classes))
    record = RepairRecord(
        start=start.name,
        architecture=architecture,
        space=None if start.space is None else start.space.name,
        strategy=request.strategy,
        seed=request.seed,
        epochs=request.epochs,
        best=result.candidates[result.best].name,
        decisions=len(result.decisions),
        kept=sum(decision.kept for decision in result.decisions),
        candidates=tuple(_candidate(c) for c in result.candidates),
        metrics=dict(metrics),
        seconds=round(seconds, 3),
        data_digest=info.digest,
        split_digest=info.split_digest,
        patch=result.patch,
    )
    rows = [
        dict(zip(result.history, values, strict=True))
        for values in zip(*result.history.values(), strict=True)
    ]
    write_history(request.out, rows)
    probes = "".join(json.dumps(probe.as_dict()) + "\n" for probe in result.probes)
    write_atomic(request.out / PROBES, probes)
    write_atomic(request.out / SUMMARY, record.model_dump_json(indent=2) + "\n")
    model = with_encoder(result.model, info) if start.encoded else result.model
    metadata = _metadata(request, prepared, start, architecture, len(result.decisions))
    save_model(model, request.out / MODEL, metadata)
    return RepairOutcome(request.out / MODEL, record, result.decisions, result.history, metrics)


def _metadata(
    request: RepairRequest, prepared: Prepared, start: Start, architecture: str | None, decisions: int
) -> Any:
    from archmend import __version__
    from archmend.networks import ModelMetadata

    info = prepared.info
    return ModelMetadata(
        data_digest=info.digest,
        split_digest=info.split_digest,
        test_digest=info.test_digest,
        architecture=architecture,
        space=None if start.space is None else start.space.name,
        classes=info.classes,
        run=request.out.name,
        decisions=decisions,
        archmend_version=__version__,
        packages={name: version(name) for name in ("keras", "numpy")},
    )


def _readable(x: Any) -> Any:
    """Return rows with their texts as TensorFlow's, for Keras predicts nothing of NumPy's."""
    import keras
    import tensorflow as tf

    return keras.tree.map_structure(lambda c: tf.constant(c.tolist()) if c.dtype.kind in "OU" else c, x)


def _gives_logits(model: Any) -> bool:
    """Whether the output still lacks the sigmoid or softmax that the compiled loss applies."""
    from archmend.repair.check import labels_of
    from archmend.repair.outputs import head_of

    head = head_of(model)
    return labels_of(model).from_logits and (head is None or head.activation not in ("sigmoid", "softmax"))


def _probabilities(output: np.ndarray, logits: bool) -> np.ndarray:
    """Return a column a class; one unit gives the second class's."""
    if logits:
        if output.shape[-1] == 1:  # a sigmoid is a softmax beside a logit of 0
            output = np.hstack([np.zeros_like(output), output])
        powers = np.exp(output - output.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)
    return np.hstack([1 - output, output]) if output.shape[-1] == 1 else output


def _candidate(candidate: Candidate) -> CandidateRecord:
    measured = {name: getattr(candidate, name) for name in ("value", "loss")}
    finite = {name: value if np.isfinite(value) else None for name, value in measured.items()}
    return CandidateRecord(
        name=candidate.name,
        remedies=candidate.remedies,
        epochs=candidate.epochs,
        kept=candidate.kept,
        **finite,
    )
