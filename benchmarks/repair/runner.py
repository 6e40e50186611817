"""Runs tasks in worker processes of one thread each; what is done already is not done again."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repair.case import Case
from benchmarks.repair.row import Row, path_of

TASKS_A_PROCESS = 60
"""A worker is replaced after so many: TensorFlow gives back little of what a graph took."""


@dataclass(frozen=True)
class Task:
    """One row to make; `method` None makes the case's reference R instead."""

    case: Case
    seed: int
    method: str | None
    out: Path
    folder: Path
    seeds: tuple[int, ...] | None = None

    @property
    def title(self) -> str:
        """What is shown while it runs."""
        return f"{self.case.id} {'R' if self.method is None else f'seed {self.seed} {self.method}'}"


def run_all(tasks: Sequence[Task], workers: int, say: Callable[[str], None]) -> None:
    """Run the tasks that have no row yet, in their order."""
    open_ones = [task for task in tasks if not _is_done(task)]
    say(f"{len(tasks)} tasks, {len(tasks) - len(open_ones)} of them done before")
    if not open_ones:
        return
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    started = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=TASKS_A_PROCESS) as pool:
        for number, told in enumerate(pool.imap(_do, open_ones), 1):
            minutes = (time.monotonic() - started) / 60
            say(f"[{number}/{len(open_ones)} {minutes:.1f} min] {told}")


def _shown(row: Row) -> str:
    if row.error is not None:
        return f"{row.error}, "
    if row.method == "diagnose":
        sure = [f"{one['symptom']} in {one['layer'] or 'all'}" for one in row.findings if one["sure"]]
        return f"{', '.join(sure) or 'nothing'}, "
    return "" if row.accuracy is None else f"accuracy {row.accuracy:.4f}, epochs {row.epochs:.1f}, "


def _is_done(task: Task) -> bool:
    return task.method is not None and path_of(task.out, task.case.id, task.seed, task.method).exists()


def _do(task: Task) -> str:
    # Imported here: the parent process has no use for TensorFlow.
    import keras
    from benchmarks.repair.data import parts
    from benchmarks.repair.methods import run
    from benchmarks.repair.references import References
    from benchmarks.repair.row import write

    try:
        if task.method is None:
            found = References(task.out, task.folder, task.seeds).of(task.case)
            return f"{task.title}: {found:.4f}"
        row = run(task.method, task.case, parts(task.case, task.folder), task.seed)
        write(task.out, row)
        return f"{task.title}: {_shown(row)}{row.seconds:.1f} s"
    except Exception as error:
        # A defect of one row is shown and left open, so that a night's work goes on.
        return f"{task.title}: FAILED {type(error).__name__}: {error}"
    finally:
        keras.backend.clear_session()
        gc.collect()
