"""A model file and rows to run it on, opened and held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archmend.datasets import DataInfo, Prepared, part_of
from archmend.datasets.types import Part
from archmend.errors import BadInput
from archmend.evaluation import check_rows
from archmend.evaluation.types import PartOrAll
from archmend.networks import ModelMetadata, load_model
from archmend.steps.source import DataFields, open_requested
from archmend.storage import fetched


class ModelOnRows(DataFields):
    """What a request says of a model and of the rows to run it on.

    Attributes:
        model: path or URI of the `.keras` file. data: a raw source or a prepared directory.
        part: which rows; `all` also allows a model of another split of the data.
        target, text, split_seed, validation, test, impute: as of `open_data`; None leaves them to the data.
        out: folder for what is written.
    """

    model: str | Path
    data: str | Path
    part: PartOrAll = "test"
    out: Path


@dataclass(frozen=True)
class Opened:
    """A model and its rows.

    Attributes:
        model: as Keras loads it. content: of its file. data: all of it. rows: that were asked for.
        notes: what a reader has to know of them.
    """

    model: Any
    content: bytes
    data: Prepared
    rows: Part
    notes: tuple[str, ...]


def open_model(request: ModelOnRows) -> Opened:
    """Return the model and the rows, which fit each other.

    Raises:
        BadInput: no such model or data, a file that is no Keras model, a model of another split (unless
            the part is `all`), of other classes or of another input shape.
        MissingExtra: TensorFlow is not installed. Unavailable: the disk or a remote place fails.
    """
    with fetched(request.model) as path:
        model, metadata = load_model(path)
        content = path.read_bytes()
    data = open_requested(request.data, request)
    notes = check_provenance(metadata, data.info, request.part)
    rows = part_of(data, request.part)
    check_rows(model, rows.x)
    return Opened(model, content, data, rows, notes)


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
