"""One run of one method on one case with one seed, and its file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from archmend.repair import Decision

REACHED = 0.8
"""Validation accuracy up to which epochs are counted."""


@dataclass(frozen=True)
class Row:
    """What came of a run.

    Attributes:
        case, data, label, symptom: of the case. seed, method: of the run. epochs_asked: of a plain training.
        accuracy: on the fresh rows, of what the method returns. best_accuracy: of its best epoch by
            validation, where that is another.
        val_accuracy: validation accuracies, one an epoch, in the order of training.
        epochs_to: epochs from the start of the first training until validation reached 0.8, trials and
            restarts counted; None if never. epochs: all that were trained. epochs_first_fault: when the
            first symptom was named.
        seconds: wall time. cpu_seconds: of the processor, which other work on the machine does not lengthen.
        decisions: what was seen and tried, the fields of decisions.jsonl. findings: of a diagnosis.
        kept: the remedies that training went on with. chosen: the candidate that was returned.
        cut_accuracy: of the best state within 1.5 times the epochs asked for, for methods without a budget.
        error: the sentence, where it failed.
    """

    case: str
    data: str
    label: str
    symptom: str
    seed: int
    method: str
    epochs_asked: int
    accuracy: float | None = None
    best_accuracy: float | None = None
    val_accuracy: list[float] = field(default_factory=list)
    epochs_to: float | None = None
    epochs: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    decisions: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    chosen: str | None = None
    cut_accuracy: float | None = None
    error: str | None = None

    def first(self) -> dict[str, Any] | None:
        """Return the decision in which the first symptom was named."""
        return self.decisions[0] if self.decisions else None


def path_of(out: Path, case: str, seed: int, method: str) -> Path:
    """Return where a row lies below the output folder."""
    return out / "rows" / method.replace(":", ".") / f"{case}.{seed}.json"


def write(out: Path, row: Row) -> None:
    """Write a row so that it is there whole or not at all."""
    path = path_of(out, row.case, row.seed, row.method)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    unfinished.write_text(json.dumps(asdict(row)))
    unfinished.replace(path)


def read_all(out: Path) -> list[Row]:
    """Return all rows below the output folder, by method, case and seed."""
    return [Row(**json.loads(path.read_text())) for path in sorted((out / "rows").glob("*/*.json"))]


def decision_fields(decision: Decision) -> dict[str, Any]:
    """Return a decision as plain values."""
    return decision.model_dump(mode="json")
