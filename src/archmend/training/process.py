"""A worker's process: how it is started, what it is doing, and how it is ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Self

from archmend.search import Suggestion, TrialResult
from archmend.training.compile_cache import compile_cache
from archmend.training.rows import RowsLayout
from archmend.training.task import Report, Task, TrainingSettings


@dataclass
class Job:
    """A trial on its way through a worker.

    Attributes:
        suggestion: that it answers. task: what the worker is told. report: the last one of it.
        parent: trial whose weights it starts from.
    """

    suggestion: Suggestion
    task: Task
    parent: int | None
    report: Report | None = None


@dataclass
class WorkerProcess:
    """A process and the connection to it.

    Attributes:
        jobs: by number, what it trains and has not said the end of; empty where it has nothing to do.
        together: how many it was given at once. results: of those that have ended.
        started: moment of `time.monotonic` from which their time counts. ready: whether it has its data.
    """

    process: subprocess.Popen[bytes]
    connection: Connection
    jobs: dict[int, Job] = field(default_factory=dict)
    together: int = 1
    results: list[TrialResult] = field(default_factory=list)
    started: float = 0.0
    ready: bool = False

    @classmethod
    def start(cls, descriptor: int) -> Self:
        """Start a process, which loads what it needs and waits for `equip`.

        Args:
            descriptor: of the file with the rows, which it inherits.
        """
        ours, theirs = Pipe()
        process = subprocess.Popen(
            # -P: a file of the user's that is called as a module of ours needs is none.
            [sys.executable, "-P", "-m", "archmend.training.worker", str(theirs.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno(), descriptor],
            env={**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **compile_cache()},
            start_new_session=True,  # Ctrl-C is for the parent, which ends its workers in order
        )
        theirs.close()
        return cls(process, ours)

    def equip(self, settings: TrainingSettings, layout: RowsLayout) -> None:
        """Tell it how to train, and where its rows lie; it says when it has them."""
        self._send((settings, layout))

    def begin(self, jobs: Sequence[Job]) -> None:
        """Hand it trials, which it trains together if they say so."""
        self.jobs = {job.task.id: job for job in jobs}
        self.together, self.started = len(jobs), time.monotonic()
        self._send(tuple(job.task for job in jobs))

    @property
    def idle(self) -> bool:
        """Whether it has no trial."""
        return not self.jobs

    @property
    def report(self) -> Report | None:
        """The last report of a trial under way."""
        return next((job.report for job in self.jobs.values() if job.report is not None), None)

    @property
    def dead(self) -> bool:
        """Whether the process is over."""
        return self.process.poll() is not None

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.connection.close()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def _send(self, value: object) -> None:
        with suppress(OSError):  # a process that has just died is found out when it is listened to
            self.connection.send(value)
