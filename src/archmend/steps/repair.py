"""The repair step: data and an architecture or a model in, a trained and mended model out.

Files in the output folder: history.csv, decisions.jsonl (a line as soon as a decision is made), repair.json
and, last, model.keras. With a checkpoint, a process that follows a killed one goes on where that one saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from archmend.errors import BadInput, Interrupted, NothingSucceeded
from archmend.networks import take_gpus
from archmend.steps.repair_checkpoint import RepairCheckpoint
from archmend.steps.repair_files import MODEL, SUMMARY, RepairOutcome, RepairRecord, write_results
from archmend.steps.repair_journal import Journal, RepairProgress
from archmend.steps.repair_start import RepairRequest, check_request, start_of
from archmend.steps.signals import interruptible
from archmend.steps.source import open_requested

__all__ = ["RepairOutcome", "RepairProgress", "RepairRecord", "RepairRequest", "repair"]


def repair(request: RepairRequest, progress: Callable[[RepairProgress], None] | None = None) -> RepairOutcome:
    """Train and repair, and write the step's files.

    Raises:
        BadInput: the request, its data, its model or its output folder.
        NothingSucceeded: no candidate's validation was ever finite.
        Interrupted: by a signal; history.csv and decisions.jsonl hold what was finished.
        Unavailable: the disk is full, the data or the checkpoint's store cannot be reached, or there is no
            GPU where one was asked for.
    """
    started = time.monotonic()
    check_request(request)
    _claim(request.out, (MODEL,) if request.checkpoint else (SUMMARY, MODEL))
    take_gpus(required=request.require_gpu, who="this repair")
    prepared = open_requested(request.data, request)
    start = start_of(request, prepared)
    from archmend.repair import fit

    deadline = None if request.max_seconds is None else started + request.max_seconds
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise BadInput(f"--max-seconds {request.max_seconds:g} was over before the training; give more time")
    journal = Journal(request.out, request.epochs, deadline, progress)
    checkpoint = None
    if request.checkpoint is not None:
        checkpoint = RepairCheckpoint(request, prepared.info, journal.resumed)
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
                architecture=start.architecture,
                seed=request.seed,
                budget_seconds=left,
                max_repairs=request.max_repairs,
                watch=request.watch,
                on_epoch=journal.epoch,
                on_decision=journal.decision,
                keeper=checkpoint,
            )
    except (Interrupted, NothingSucceeded):
        journal.close()
        raise
    journal.open()
    seconds = time.monotonic() - started + (0.0 if checkpoint is None else checkpoint.seconds)
    outcome = write_results(request, prepared, start, result, seconds)
    if checkpoint is not None and not request.keep_checkpoint:
        checkpoint.drop()
    return outcome


def _claim(out: Path, ends: tuple[str, ...]) -> None:
    """Refuse a folder in which a repair has come to its end, and a path that is no folder.

    Where a repair can go on, a repair.json without its model is what a kill between the two has left.
    """
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file; name a folder")
    for name in ends:
        if (out / name).exists():
            raise BadInput(f"--out {out} holds another run's {name}; choose another folder or remove it")
