"""The evaluate step: a model file and data in, evaluation.json out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from archmend.datasets import DataInfo, Prepared, TextEncoding, encode, part_of
from archmend.errors import BadInput
from archmend.evaluation import Baselines, Evaluation, check_rows, fit_baselines, word_weights
from archmend.evaluation.types import PartOrAll
from archmend.steps.source import open_requested
from archmend.storage import fetched, write_atomic

if TYPE_CHECKING:
    from archmend.networks import ModelMetadata

EVALUATION_FILE = "evaluation.json"


class EvaluateRequest(BaseModel):
    """What to evaluate, and on what.

    Attributes:
        model: path or URI of the `.keras` file. data: a raw source or a prepared directory.
        part: which rows; `all` also allows a model of another split of the data.
        target, text, split_seed, validation, test, impute: as of `open_data`; None leaves them to the data.
        out: folder for evaluation.json.
        require_gpu: refuse to measure where TensorFlow sees none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | Path
    data: str | Path
    part: PartOrAll = "test"
    target: str | None = None
    text: str | None = None
    split_seed: int | None = None
    validation: float | None = None
    test: float | None = None
    impute: str | None = None
    out: Path
    require_gpu: bool = False


def evaluate(request: EvaluateRequest) -> Evaluation:
    """Measure a model against rows and baselines, and write evaluation.json whole.

    Raises:
        BadInput: no such model or data, a file that is no Keras model, a model of another split (unless
            the part is `all`), of other classes or of another input shape.
        MissingExtra: TensorFlow is not installed. Unavailable: the disk or a remote place fails, or there is
            no GPU where one was asked for.
    """
    from archmend import evaluation as room
    from archmend.networks import load_model, take_gpus

    take_gpus(required=request.require_gpu, who="this evaluation")
    with fetched(request.model) as path:
        model, metadata = load_model(path)
        content = path.read_bytes()
    data = open_requested(request.data, request)
    notes = check_provenance(metadata, data.info, request.part)
    rows = part_of(data, request.part)
    check_rows(model, rows.x)
    measured = room.evaluate(
        model,
        rows.x,
        rows.y,
        baselines=_baselines(data, rows.x, rows.y),
        class_names=data.info.classes,
        size_bytes=len(content),
    )
    result = measured.model_copy(
        update={
            "data_digest": data.info.digest,
            "split_digest": data.info.split_digest,
            "test_digest": data.info.test_digest,
            "part": request.part,
            "model_digest": hashlib.sha256(content).hexdigest(),
            "notes": notes,
        }
    )
    write_atomic(request.out / EVALUATION_FILE, result.model_dump_json(indent=2) + "\n")
    return result


def check_provenance(metadata: ModelMetadata | None, info: DataInfo, part: PartOrAll) -> tuple[str, ...]:
    """Refuse rows that the model may have been trained on, and return what the reader has to know.

    Raises:
        BadInput: the model was made with another split of the data, or for other classes.
    """
    if metadata is None or metadata.split_digest is None:
        return (
            "The model file does not say what data it was trained on, so these rows may be among them; "
            "the accuracy may be too high.",
        )
    if metadata.classes and tuple(metadata.classes) != info.classes:
        raise BadInput(
            f"the model tells the classes {', '.join(metadata.classes)} apart and the data has "
            f"{', '.join(info.classes)}; evaluate it on data with its own classes"
        )
    if part != "all" and metadata.split_digest != info.split_digest:
        raise BadInput(
            f"the model was trained with the split {metadata.split_digest[:12]} and the data has the split "
            f"{info.split_digest[:12]}, so it may know the rows of the part {part!r}; give the data and the "
            "split that it was trained with, or --part all if that is wanted"
        )
    known = {
        "train": "The model was trained on these rows; the accuracy is too high for new ones.",
        "validation": "The model was chosen by its accuracy on these rows, which is therefore too high.",
        "all": "The model may have been trained on some of these rows; the accuracy may be too high.",
    }
    return (known[part],) if part in known else ()


def _baselines(data: Prepared, x: Any, y: np.ndarray) -> Baselines:
    encoding, train = data.info.encoding, data.train
    if isinstance(encoding, TextEncoding):
        # Numbers of words are no quantities, so a linear classifier sees which words a text has.
        assert isinstance(train.x, dict)
        weights = word_weights(train.x[encoding.column], x[encoding.column])
        return fit_baselines(weights[0], train.y, weights[1], y)
    return fit_baselines(encode(encoding, train.x), train.y, encode(encoding, x), y)
