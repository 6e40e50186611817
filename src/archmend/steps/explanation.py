"""explanation.json: what a search's trials say of its choices, its winner and of what more would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from archmend.search import Budget, SearchResult, TrialResult
from archmend.search.explaining import explain
from archmend.search.objectives import DIRECTIONS
from archmend.spaces import Space
from archmend.storage import write_atomic

EXPLANATION = "explanation.json"


class ExplanationRecord(BaseModel):
    """explanation.json.

    Attributes:
        objective: the first one, in whose own units the gains are; they are improvements, whatever its
            direction.
        importance, winner_is_best, fit, more, gain, gain_low, gain_high: see `Explanation`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    objective: str
    direction: Literal["maximize", "minimize"]
    importance: dict[str, float]
    winner_is_best: float
    fit: float
    more: int
    gain: float
    gain_low: float
    gain_high: float


def write_explanation(
    folder: Path,
    space: Space,
    budget: Budget,
    objective: str,
    result: SearchResult,
    fresh: Sequence[TrialResult] = (),
) -> ExplanationRecord | None:
    """Write explanation.json; nothing for a search of too few measured trials.

    Args:
        folder: of the search.
        space: that was searched.
        budget: whose limits hold.
        objective: the first one.
        result: whose best is the winner.
        fresh: trainings that confirmed it.
    """
    best = None if result.best is None else result.best.architecture
    found = explain(space, [*result.trials, *fresh], budget, best=best)
    if found is None:
        return None
    direction: Literal["maximize", "minimize"] = "maximize" if DIRECTIONS[objective] > 0 else "minimize"
    record = ExplanationRecord(objective=objective, direction=direction, **asdict(found))
    write_atomic(folder / EXPLANATION, record.model_dump_json(indent=2) + "\n")
    return record
