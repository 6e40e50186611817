"""The record of one remedy that was tried: a line of decisions.jsonl."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _finite_or_none(value: Any) -> Any:
    # JSON has no NaN and no infinity; a value that is not finite is one that could not be measured.
    return None if isinstance(value, float) and not math.isfinite(value) else value


Measured = Annotated[float | None, BeforeValidator(_finite_or_none)]


NO_REMEDY = "none"
"""What stands in a remedy's place where none may be tried."""


class Decision(BaseModel):
    """One remedy: what was seen, what was tried, what it did, and why it was kept or undone.

    Attributes:
        epoch, batch: where the symptom was seen: epochs finished, batches done in the next one.
        symptom, layer, evidence: what was seen; layer None is the whole network.
        strategy: name of the strategy that ranked the remedy. remedy: its name.
        before, after: mean validation loss of a row without and with the remedy after the same number of
            batches from the same checkpoint (negative log-likelihood of the label; squared error where the
            loss is not one of classes); None where it is not finite or was not measured.
        kept: whether the training went on from the remedy's trial; else it was rolled back.
        reason: one sentence.
        epochs: what the trial trained, in epochs and fractions of them, with what the untouched run was
            trained for the comparison. seconds: wall time of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    batch: int
    symptom: str
    layer: str | None
    evidence: dict[str, Measured]
    strategy: str
    remedy: str
    before: Measured
    after: Measured
    kept: bool
    reason: str
    epochs: float
    seconds: float
