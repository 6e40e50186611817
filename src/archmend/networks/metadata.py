"""What a model file says of itself besides the network."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ModelMetadata(BaseModel):
    """Where a model comes from; None and empty where that is not known.

    Attributes:
        data_digest, split_digest, test_digest: of the data that it was trained on.
        architecture: its code in `space`. classes: names in the order of the outputs.
        run: name of the run's folder. decisions: repairs that were tried.
        archmend_version, packages: what made it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    data_digest: str | None = None
    split_digest: str | None = None
    test_digest: str | None = None
    architecture: str | None = None
    space: str | None = None
    classes: tuple[str, ...] = ()
    run: str | None = None
    decisions: int | None = None
    archmend_version: str | None = None
    packages: dict[str, str] = {}
