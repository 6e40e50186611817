"""The step `prepare`: a raw source in, a prepared directory out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archmend.datasets import DataInfo, write_prepared
from archmend.steps.source import open_requested


@dataclass(frozen=True)
class PrepareRequest:
    """What to prepare.

    Attributes:
        data: a source as `open_data` takes it. out: the directory to write.
        target: a table's column of labels.
        split_seed, validation, test: the split; None is the default (0, 0.15, 0.15).
        impute: median, mean or zero for NaN and infinity; None refuses them.
        text: a table's column of texts; None recognises one that is alone.
    """

    data: str
    out: Path
    target: str | None = None
    split_seed: int | None = None
    validation: float | None = None
    test: float | None = None
    impute: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class PrepareResult:
    """Where the prepared data lies, and what data.json says about it."""

    directory: Path
    info: DataInfo


def prepare(request: PrepareRequest) -> PrepareResult:
    """Read, check, split and write the data.

    Raises:
        BadInput: the source or a flag is wrong, or the directory holds something else.
        Unavailable: a remote source cannot be reached, or the disk is full.
    """
    prepared = open_requested(request.data, request)
    return PrepareResult(write_prepared(prepared, request.out), prepared.info)
