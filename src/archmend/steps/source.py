"""The data that a step is asked for, opened as all of its fields say."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from archmend.datasets import Prepared, open_data


class DataRequest(Protocol):
    """What every request says of its data; None leaves a field to the data."""

    @property
    def target(self) -> str | None:
        """Column of labels."""

    @property
    def text(self) -> str | None:
        """Column of sentences."""

    @property
    def split_seed(self) -> int | None:
        """Which rows go where."""

    @property
    def validation(self) -> float | None:
        """Share of the rows to choose by."""

    @property
    def test(self) -> float | None:
        """Share of the rows to test on."""

    @property
    def impute(self) -> str | None:
        """What stands in for values that are missing."""


class DataFields(BaseModel):
    """These fields of a request that is checked by pydantic; it says itself which data they are of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str | None = None
    text: str | None = None
    split_seed: int | None = None
    validation: float | None = None
    test: float | None = None
    impute: str | None = None


def open_requested(source: str | Path, request: DataRequest) -> Prepared:
    """Return the data at `source` as a request has it read and split; see `open_data`."""
    return open_data(
        source,
        target=request.target,
        text=request.text,
        split_seed=request.split_seed,
        validation=request.validation,
        test=request.test,
        impute=request.impute,
    )
