"""The published cases: read from a folder, without those that are left out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.repair.case import Case
from benchmarks.repair.data import FOLDER
from benchmarks.repair.published_data import IMAGES

FILES = ("cases_arch.json", "cases_exact.json")
FOLDER_VARIABLE = "ARCHMEND_REPAIR_CASES"
DEFAULT_EPOCHS = {"mnist": 20, "cifar10": 5}
"""Where a case's `epochs` is null."""
LEFT_OUT = {
    "ddm_blob_model_84c77206": "it trains well in spite of its label",
    "dfc_mnist_1ed98a53_epoch_4": "its only fault is too few epochs",
    "dfc_mnist_4ad0c8af_epoch_2": "its only fault is too few epochs",
    "dfc_mnist_4ad0c8af_epoch_3": "its only fault is too few epochs",
    "dfc_mnist_4ad0c8af_epoch_10": "its only fault is too few epochs",
}
"""Cases that are not scored, and why; those without a data set come on top."""
NORMAL = ("normal", "normal_control")
HARM_DATA = ("circle", "blob")


def folder_of(given: Path | None) -> Path:
    """Return the folder of the cases: the one given, the environment's, or the one beside the project."""
    return given or Path(os.environ.get(FOLDER_VARIABLE) or FOLDER)


def missing(folder: Path) -> str | None:
    """Return in a sentence what of the published cases is not there, None where all is."""
    absent = [name for name in FILES if not (folder / name).is_file()]
    if not absent:
        return None
    return (
        f"{folder} has no {' and no '.join(absent)}; give the folder of the cases with --folder or "
        f"{FOLDER_VARIABLE}, or run on generated networks with --generated 40"
    )


def published(folder: Path) -> list[Case]:
    """Return all cases that are scored, in the order of the files."""
    read: list[Mapping[str, Any]] = []
    for name in FILES:
        read += json.loads((folder / name).read_text())
    return [_case(one) for one in read if one["dataset"] is not None and one["id"] not in LEFT_OUT]


def buggy(cases: Sequence[Case]) -> list[Case]:
    """Return the cases that are to be repaired."""
    return [case for case in cases if case.is_faulty]


def normal(cases: Sequence[Case]) -> list[Case]:
    """Return the healthy cases on which harm is measured."""
    return [case for case in cases if case.label in NORMAL and case.data in HARM_DATA]


def seeds(case: Case) -> range:
    """Return the seeds of a case's runs: images are dear."""
    return range(2) if case.data in IMAGES else range(5)


def _case(read: Mapping[str, Any]) -> Case:
    return Case(
        id=read["id"],
        data=read["dataset"],
        label=read["label"],
        layers=tuple(read["layers"]),
        input_shape=tuple(read["input_shape"]),
        optimizer=read["optimizer"],
        loss=read["loss"],
        batch_size=read["batch_size"],
        epochs=read["epochs"] or DEFAULT_EPOCHS[read["dataset"]],
        symptom=read["symptom"] or "",
    )
