"""A worker's process: how it is started, what it is doing, and how it is ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Self

from archmend.search import Suggestion
from archmend.training.task import Report, Task, TrainingSettings


@dataclass
class WorkerProcess:
    """A process and the connection to it.

    Attributes:
        suggestion, task: what it trains; None where it has nothing to do. parent: trial whose weights that
            starts from. started: moment of `time.monotonic` from which the trial's time counts.
        report: the last one of this trial. ready: whether it has its data.
    """

    process: subprocess.Popen[bytes]
    connection: Connection
    suggestion: Suggestion | None = None
    task: Task | None = None
    parent: int | None = None
    started: float = 0.0
    report: Report | None = None
    ready: bool = False

    @classmethod
    def start(cls, settings: TrainingSettings) -> Self:
        """Start a process; it says when it has its data."""
        ours, theirs = Pipe()
        process = subprocess.Popen(
            # -P: a file of the user's that is called as a module of ours needs is none.
            [sys.executable, "-P", "-m", "archmend.training.worker", str(theirs.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
            start_new_session=True,  # Ctrl-C is for the parent, which ends its workers in order
        )
        theirs.close()
        worker = cls(process, ours)
        worker._send(settings)
        return worker

    def begin(self, suggestion: Suggestion, task: Task, parent: int | None) -> None:
        """Hand it a trial."""
        self.suggestion, self.task, self.parent = suggestion, task, parent
        self.started, self.report = time.monotonic(), None
        self._send(task)

    @property
    def idle(self) -> bool:
        """Whether it has no trial."""
        return self.suggestion is None

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
