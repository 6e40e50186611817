"""Workers that train trials side by side, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Self

from archmend.errors import ArchmendError, BadInput, MissingExtra, Unavailable
from archmend.search import Suggestion, TrialResult, objective_value
from archmend.training.continuing import earlier_trial
from archmend.training.process import WorkerProcess
from archmend.training.task import (
    SEARCH_OVER,
    TIME_OVER,
    Problem,
    Report,
    Task,
    TrainingSettings,
    trial_seed,
    weights_file,
)

GRACE = 1.0
"""Seconds that a worker has after the deadline to stop by itself before it is killed."""
ChooseParent = Callable[[Suggestion, Sequence[TrialResult]], int | None]
"""From a suggestion and the trials that have weights to the one to start from; None starts anew."""


class PooledEvaluator:
    """Evaluates suggestions in worker processes with one thread each.

    A trial is isolated: one that is killed, or runs out of memory, is a failed trial, and its worker is
    replaced. A trial that runs at the deadline is stopped and measured.

    Attributes:
        concurrency: number of workers. deadline: a moment of `time.monotonic`, None for none.
        seed: of the search; each trial has its own from it.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        *,
        workers: int = 1,
        objectives: Sequence[str] = ("accuracy",),
        choose_parent: ChooseParent | None = None,
        finished: Sequence[TrialResult] = (),
    ) -> None:
        """Start nothing yet; the first suggestion does.

        Args:
            settings: of the training.
            workers: how many processes.
            objectives: what a trial's value is made of.
            choose_parent: which trial's weights to start from; None starts every trial anew. Needs
                `settings.weights`.
            finished: trials of the same search that have weights already.

        Raises:
            BadInput: workers below 1, or inheritance without a folder of weights.
        """
        if workers < 1:
            raise BadInput(f"workers must be at least 1, got {workers}")
        if choose_parent is not None and settings.weights is None:
            raise BadInput("inheritance needs a folder of weights; give settings.weights")
        self.concurrency = workers
        self.deadline: float | None = None
        self.seed = 0
        self._settings, self._objectives = settings, tuple(objectives)
        self._choose_parent = choose_parent
        self._finished = list(finished)
        self._workers: list[WorkerProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, suggestions: list[Suggestion]) -> Iterator[TrialResult]:
        """Evaluate suggestions and yield the results as they finish."""
        waiting, running = list(suggestions), 0
        while waiting or running:
            while waiting and running < self.concurrency:
                self.submit(waiting.pop(0))
                running += 1
            yield self.next_result()
            running -= 1

    def submit(self, suggestion: Suggestion) -> None:
        """Begin with a suggestion; at most `concurrency` may be under way.

        Raises:
            BadInput: more than that.
        """
        worker = self._idle()
        earlier = self._earlier(suggestion)
        seed = None if earlier is None else earlier.seed
        parent = None if earlier is None else earlier.id
        if earlier is None and self._choose_parent is not None:
            parent = self._choose_parent(suggestion, self._finished)
        folder = self._settings.weights
        task = Task(
            suggestion.id,
            str(suggestion.architecture),
            suggestion.fidelity or self._settings.epochs,
            trial_seed(self.seed, suggestion.id) if seed is None else seed,
            None if parent is None or folder is None else weights_file(folder, parent),
            self.deadline,
            begun=0 if earlier is None else earlier.fidelity or 0,
            whole_state=suggestion.fidelity is not None,
        )
        worker.begin(suggestion, task, parent)

    def _earlier(self, suggestion: Suggestion) -> TrialResult | None:
        """Return the trial that a suggestion goes on from, if its state is there."""
        folder = self._settings.weights
        earlier = None if folder is None else earlier_trial(suggestion, self._finished)
        if folder is None or earlier is None or not weights_file(folder, earlier.id).is_file():
            return None
        return earlier

    def next_result(self) -> TrialResult:
        """Wait for the next trial that finishes, fails or is stopped.

        Raises:
            MissingExtra: TensorFlow is not installed. BadInput: the data is none.
            Unavailable: a worker cannot begin to work, or keep what it made.
        """
        while True:
            busy = {worker.connection: worker for worker in self._workers if not worker.idle}
            ready = wait(list(busy), self._patience())
            if not ready:
                return self._stopped(next(iter(busy.values())))
            for connection in ready:
                assert isinstance(connection, Connection)
                result = self._heard(busy[connection])
                if result is not None:
                    return result

    @property
    def parents(self) -> set[int]:
        """Trials whose weights are the start of one that is under way."""
        return {w.parent for w in self._workers if not w.idle and w.parent is not None}

    def close(self) -> None:
        """End the workers, whatever they do."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _idle(self) -> WorkerProcess:
        for worker in [w for w in self._workers if w.idle]:
            if not (worker.ready and worker.dead):
                return worker
            self._remove(worker)  # it died between two trials
        if len(self._workers) >= self.concurrency:
            raise BadInput(f"all {self.concurrency} workers are busy; wait for a result first")
        # All at once, for loading TensorFlow takes longer than many a trial.
        while len(self._workers) < self.concurrency:
            self._workers.append(WorkerProcess.start(self._settings))
        return self._workers[-1]

    def _patience(self) -> float | None:
        """Return how long to wait before a worker is stopped by force."""
        if self.deadline is None:
            return None
        # A worker that was told of a later moment, or of none, will not stop by itself.
        told = all(w.task.deadline == self.deadline for w in self._workers if w.task and not w.idle)
        return max(0.0, self.deadline + (GRACE if told else 0.0) - time.monotonic())

    def _heard(self, worker: WorkerProcess) -> TrialResult | None:
        """Take what a worker says; a result if its trial is over."""
        try:
            said: Report | Problem | None = worker.connection.recv()
        except (EOFError, OSError):
            return self._died(worker)
        if said is None:
            worker.ready, worker.started = True, time.monotonic()
            return None
        if isinstance(said, Problem):
            self.close()
            raise _error(said)
        report = worker.report = said
        return None if report.status == "running" else self._result(worker, report)

    def _died(self, worker: WorkerProcess) -> TrialResult:
        code = worker.process.wait()
        if not worker.ready:
            self.close()
            raise Unavailable(
                f"a worker ended with exit status {code} while it loaded TensorFlow and the data; "
                "free some memory, or use fewer workers"
            )
        self._remove(worker)
        killed = code == -9
        why = "killed, most likely for memory" if killed else f"ended with exit status {code}"
        return self._result(worker, self._last(worker, "failed", f"the trial's process was {why}"))

    def _stopped(self, worker: WorkerProcess) -> TrialResult:
        self._remove(worker)
        told = worker.task is not None and worker.task.deadline == self.deadline
        return self._result(worker, self._last(worker, "stopped", TIME_OVER if told else SEARCH_OVER))

    def _remove(self, worker: WorkerProcess) -> None:
        worker.kill()
        self._workers.remove(worker)

    def _last(self, worker: WorkerProcess, status: str, reason: str) -> Report:
        assert worker.suggestion is not None
        last = worker.report or Report(worker.suggestion.id, "running")
        return replace(last, status=status, reason=reason)  # type: ignore[arg-type]

    def _result(self, worker: WorkerProcess, report: Report) -> TrialResult:
        suggestion, task, worker.suggestion = worker.suggestion, worker.task, None
        assert suggestion is not None
        assert task is not None
        measured = {
            **report.metrics,
            "params": report.params,
            "flops": report.flops,
            "latency_ms": report.latency_ms,
        }
        has_value = report.status in ("succeeded", "stopped") and bool(report.metrics)
        result = TrialResult(
            suggestion.id,
            suggestion.architecture,
            objective_value(self._objectives, measured) if has_value else None,
            report.status,
            suggestion.fidelity,
            metrics=dict(report.metrics),
            reason=report.reason,
            params=report.params,
            flops=report.flops,
            latency_ms=report.latency_ms,
            seconds=round(time.monotonic() - worker.started, 3),
            epochs=report.epochs,
            seed=task.seed,
            parent=worker.parent,
        )
        if has_value:
            self._finished.append(result)
        return result


def _error(problem: Problem) -> ArchmendError:
    if problem.kind == "missing":
        return MissingExtra("TensorFlow", "cpu")
    return (BadInput if problem.kind == "input" else Unavailable)(problem.text)
