"""The repair step: data and an architecture or a model in, a trained and mended model out.

Files in the output folder: history.csv, decisions.jsonl (a line as soon as a decision is made), repair.json
and, last, model.keras.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archmend.datasets import open_data
from archmend.errors import BadInput, Interrupted, NothingSucceeded
from archmend.steps.repair_files import (
    DECISIONS,
    MODEL,
    SUMMARY,
    RepairOutcome,
    RepairRecord,
    write_history,
    write_results,
)
from archmend.steps.repair_start import RepairRequest, check_request, start_of
from archmend.steps.signals import interruptible
from archmend.storage import disk_errors, write_atomic

if TYPE_CHECKING:
    from archmend.repair import Decision, EpochRecord

__all__ = ["RepairOutcome", "RepairProgress", "RepairRecord", "RepairRequest", "repair"]


@dataclass(frozen=True)
class RepairProgress:
    """Where a repair stands after an epoch.

    Attributes:
        epoch: finished ones, of `epochs`. accuracy: on the validation part. decisions: made so far.
        seconds_left: of max_seconds; None without a limit.
    """

    epoch: int
    epochs: int
    accuracy: float
    decisions: int
    seconds_left: float | None


def repair(request: RepairRequest, progress: Callable[[RepairProgress], None] | None = None) -> RepairOutcome:
    """Train and repair, and write the step's files.

    Raises:
        BadInput: the request, its data, its model or its output folder.
        NothingSucceeded: no candidate's validation was ever finite.
        Interrupted: by a signal; history.csv and decisions.jsonl hold what was finished.
        Unavailable: the disk is full or the data cannot be reached.
    """
    started = time.monotonic()
    check_request(request)
    _claim(request.out)
    prepared = open_data(
        request.data,
        target=request.target,
        split_seed=request.split_seed,
        validation=request.validation,
        test=request.test,
        impute=request.impute,
    )
    start = start_of(request, prepared)
    from archmend.repair import fit

    deadline = None if request.max_seconds is None else started + request.max_seconds
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise BadInput(f"--max-seconds {request.max_seconds:g} was over before the training; give more time")
    journal = _Journal(request.out, request.epochs, deadline, progress)
    try:
        with interruptible("repair was interrupted; history.csv and decisions.jsonl hold what was finished"):
            result = fit(
                start.model,
                (start.train.x, start.train.y),
                (start.validation.x, start.validation.y),
                epochs=request.epochs,
                batch_size=request.batch_size,
                strategy=request.strategy,
                space=start.space,
                seed=request.seed,
                budget_seconds=left,
                max_repairs=request.max_repairs,
                on_epoch=journal.epoch,
                on_decision=journal.decision,
            )
    except (Interrupted, NothingSucceeded):
        journal.close()
        raise
    journal.open()
    return write_results(request, prepared, start, result, time.monotonic() - started)


class _Journal:
    """Writes what happens while it happens; makes no file before there is something to write."""

    def __init__(
        self,
        out: Path,
        epochs: int,
        deadline: float | None,
        progress: Callable[[RepairProgress], None] | None,
    ) -> None:
        self._out, self._epochs, self._deadline, self._progress = out, epochs, deadline, progress
        self._records: list[EpochRecord] = []
        self._decisions = 0
        self._opened = False

    def open(self) -> None:
        """Make decisions.jsonl anew, once."""
        if not self._opened:
            with disk_errors(self._out):
                self._out.mkdir(parents=True, exist_ok=True)
            write_atomic(self._out / DECISIONS, "")
            self._opened = True

    def epoch(self, record: EpochRecord) -> None:
        """Take an epoch's record, and tell the progress."""
        self.open()
        self._records.append(record)
        if self._progress is not None:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            said = RepairProgress(record.epoch + 1, self._epochs, record.val_accuracy, self._decisions, left)
            self._progress(said)

    def decision(self, decision: Decision) -> None:
        """Append a line that is on the disk before the repair goes on."""
        self.open()
        self._decisions += 1
        path = self._out / DECISIONS
        with disk_errors(path), path.open("a", encoding="utf-8") as file:
            file.write(decision.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Write the history of a repair that did not come to its end."""
        self.open()
        write_history(self._out, [record.as_dict() for record in self._records])


def _claim(out: Path) -> None:
    """Refuse a folder in which a repair has come to its end, and a path that is no folder."""
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file; name a folder")
    for name in (SUMMARY, MODEL):
        if (out / name).exists():
            raise BadInput(f"--out {out} holds another run's {name}; choose another folder or remove it")
