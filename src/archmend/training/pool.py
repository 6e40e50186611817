"""Workers that train trials side by side, each in a process of its own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Self

from archmend.errors import ArchmendError, BadInput, MissingExtra, Unavailable
from archmend.search import EarlyStopping, Rung, Suggestion, TrialResult
from archmend.training.continuing import earlier_trial
from archmend.training.process import Job, WorkerProcess
from archmend.training.results import trial_result
from archmend.training.rows import RowsFile
from archmend.training.task import (
    SEARCH_OVER,
    TIME_OVER,
    Problem,
    Report,
    Task,
    TrainingSettings,
    order_seed,
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
    replaced. A trial that runs at the deadline is stopped and measured. With populations a worker trains
    several trials together and their results come together; of a population that dies the halves are tried
    again, so that it costs one trial at most.

    Attributes:
        concurrency: trials that may be under way. deadline: a moment of `time.monotonic`, None for none.
        seed: of the search; each trial has its own from it.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        *,
        workers: int = 1,
        population: int | None = None,
        weigh: Callable[[Suggestion], float] | None = None,
        objectives: Sequence[str] = ("accuracy",),
        choose_parent: ChooseParent | None = None,
        finished: Sequence[TrialResult] = (),
        early_stopping: EarlyStopping | None = None,
        before: Sequence[TrialResult] = (),
    ) -> None:
        """Start nothing yet; the first suggestion does.

        Args:
            settings: of the training.
            workers: how many processes.
            population: trials that each trains together, in a common order of rows, where `grouping` says
                that space and optimiser allow it. None trains each by itself.
            weigh: what a suggestion costs, so that populations side by side cost alike.
            objectives: what a trial's value is made of.
            choose_parent: which trial's weights to start from; None starts every trial anew. Needs
                `settings.weights`.
            finished: trials of the same search that have weights already.
            early_stopping: ends trials before their last epoch, by the first objective.
            before: all results of the same search, with which those on the way are compared.

        Raises:
            BadInput: workers or population below 1, or inheritance without a folder of weights.
        """
        for name, value in (("workers", workers), ("population", population)):
            if value is not None and value < 1:
                raise BadInput(f"{name} must be at least 1, got {value}")
        if choose_parent is not None and settings.weights is None:
            raise BadInput("inheritance needs a folder of weights; give settings.weights")
        self.concurrency = workers * (population or 1)
        self.deadline: float | None = None
        self.seed = 0
        self._settings, self._objectives = settings, tuple(objectives)
        self._choose_parent = choose_parent
        self._finished = list(finished)
        self._early_stopping, self._before = early_stopping, list(before)
        self._processes, self._population, self._weigh = workers, population, weigh
        self._rows: RowsFile | None = None
        self._workers: list[WorkerProcess] = []
        self._waiting: list[Job] = []
        self._again: list[list[Job]] = []
        self._results: deque[TrialResult] = deque()

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

    def start(self) -> None:
        """Start the workers and wait until they have their data; the first suggestion does that, too.

        Raises:
            MissingExtra, BadInput, Unavailable: as of `next_result`.
        """
        self._start_all()
        for worker in self._workers:
            while not worker.ready:
                self._hear(worker)

    def submit(self, suggestion: Suggestion) -> None:
        """Begin with a suggestion; at most `concurrency` may be under way.

        Those of a population are collected until a result is asked for.

        Raises:
            BadInput: more than that, or the data is none. Unavailable: no room for the rows.
        """
        if len(self._open) >= self.concurrency:
            busy = f"all {self._processes} workers are busy"
            if self._population is not None:
                busy = f"{self._processes} populations of {self._population} are full"
            raise BadInput(f"{busy}; wait for a result first")
        earlier = self._earlier(suggestion)
        seed = None if earlier is None else earlier.seed
        parent = None if earlier is None else earlier.id
        if earlier is None and self._choose_parent is not None:
            parent = self._choose_parent(suggestion, self._finished)
        folder = self._settings.weights
        epochs = suggestion.fidelity or self._settings.epochs
        task = Task(
            suggestion.id,
            str(suggestion.architecture),
            epochs,
            trial_seed(self.seed, suggestion.id) if seed is None else seed,
            None if parent is None or folder is None else weights_file(folder, parent),
            self.deadline,
            begun=0 if earlier is None else earlier.fidelity or 0,
            whole_state=suggestion.fidelity is not None,
            order=None if self._population is None else order_seed(self.seed),
            rungs=self._rungs(epochs),
        )
        self._waiting.append(Job(suggestion, task, parent))
        if self._population is None:
            self._hand_out()

    def _rungs(self, epochs: int) -> tuple[Rung, ...]:
        """Return where a trial of so many epochs may end early, with what is known by now."""
        if self._early_stopping is None:
            return ()
        return self._early_stopping.rungs(epochs, self._objectives[0], self._before)

    @property
    def _open(self) -> list[Job]:
        """All trials that were submitted and have no result yet."""
        under_way = (job for worker in self._workers for job in worker.jobs.values())
        return [*self._waiting, *(job for jobs in self._again for job in jobs), *under_way]

    def _hand_out(self) -> None:
        """Give what waits to workers without work, to each about as much."""
        if not (self._waiting or self._again):
            return
        for worker in [w for w in self._workers if w.idle and w.ready and w.dead]:
            self._remove(worker)  # it died between two trials
        self._start_all()
        idle = [worker for worker in self._workers if worker.idle]
        while idle and self._again:
            idle.pop(0).begin(self._again.pop(0))
        if not idle:
            return
        waiting, weigh = self._waiting, self._weigh
        if weigh is not None:
            waiting = sorted(waiting, key=lambda job: (-weigh(job.suggestion), job.task.id))
        # One by one in turn, so that each worker gets some of every kind.
        for place, worker in enumerate(idle):
            jobs = waiting[place :: len(idle)][: self._population or 1]
            if jobs:
                worker.begin(jobs)
        given = {number for worker in idle for number in worker.jobs}
        self._waiting = [job for job in self._waiting if job.task.id not in given]

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
            Unavailable: a worker cannot begin to work, or keep what it made; no room for the rows.
        """
        while not self._results:
            self._hand_out()
            busy = {worker.connection: worker for worker in self._workers if not worker.idle}
            ready = wait(list(busy), self._patience())
            if not ready:
                self._stop(next(iter(busy.values())))
            for connection in ready:
                assert isinstance(connection, Connection)
                self._hear(busy[connection])
        return self._results.popleft()

    @property
    def ready(self) -> int:
        """How many results can be had without waiting."""
        return len(self._results)

    @property
    def parents(self) -> set[int]:
        """Trials whose weights are the start of one that is under way."""
        return {job.parent for job in self._open if job.parent is not None}

    def close(self) -> None:
        """End the workers, whatever they do."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
        if self._rows is not None:
            self._rows.close()
            self._rows = None

    def _start_all(self) -> None:
        # All at once, for loading TensorFlow takes longer than many a trial, and the rows are made meanwhile.
        if self._rows is None:
            self._rows = RowsFile()
        new = [WorkerProcess.start(self._rows.descriptor) for _ in range(len(self._workers), self._processes)]
        self._workers += new
        try:
            for worker in new:
                worker.equip(self._settings, self._rows.layout(self._settings.data))
        except ArchmendError:
            self.close()
            raise

    def _patience(self) -> float | None:
        """Return how long to wait before a worker is stopped by force."""
        if self.deadline is None:
            return None
        # A worker that was told of a later moment, or of none, will not stop by itself.
        told = all(job.task.deadline == self.deadline for w in self._workers for job in w.jobs.values())
        return max(0.0, self.deadline + (GRACE if told else 0.0) - time.monotonic())

    def _hear(self, worker: WorkerProcess) -> None:
        """Take what a worker says; the end of a trial is a result."""
        try:
            said: Report | Problem | None = worker.connection.recv()
        except (EOFError, OSError):
            self._died(worker)
            return
        if said is None:
            worker.ready, worker.started = True, time.monotonic()
            return
        if isinstance(said, Problem):
            self.close()
            raise _error(said)
        if said.id not in worker.jobs:
            return  # it failed with others after its own end was told
        worker.jobs[said.id].report = said
        if said.status != "running":
            self._end(worker, said)

    def _died(self, worker: WorkerProcess) -> None:
        code = worker.process.wait()
        if not worker.ready:
            self.close()
            raise Unavailable(
                f"a worker ended with exit status {code} while it loaded TensorFlow and the data; "
                "free some memory, or use fewer workers"
            )
        self._remove(worker)
        lost = list(worker.jobs.values())
        if len(lost) > 1:
            self._deliver(worker)
            for job in lost:  # those that had ended are to be compared with again
                job.task = replace(job.task, rungs=self._rungs(job.task.epochs))
            self._again += [lost[: len(lost) // 2], lost[len(lost) // 2 :]]
            return
        why = "killed, most likely for memory" if code == -9 else f"ended with exit status {code}"
        self._give_up(worker, "failed", f"the trial's process was {why}")

    def _stop(self, worker: WorkerProcess) -> None:
        self._remove(worker)
        told = all(job.task.deadline == self.deadline for job in worker.jobs.values())
        self._give_up(worker, "stopped", TIME_OVER if told else SEARCH_OVER)

    def _remove(self, worker: WorkerProcess) -> None:
        worker.kill()
        self._workers.remove(worker)

    def _give_up(self, worker: WorkerProcess, status: str, reason: str) -> None:
        """End all trials of a worker that is no more."""
        for number, job in list(worker.jobs.items()):
            last = job.report or Report(number, "running")
            self._end(worker, replace(last, status=status, reason=reason))  # type: ignore[arg-type]

    def _end(self, worker: WorkerProcess, report: Report) -> None:
        """Make a result of the end of a trial; its time is its share of what its population has taken."""
        job = worker.jobs.pop(report.id)
        result = trial_result(
            job.suggestion,
            report,
            self._objectives,
            seed=job.task.seed,
            parent=job.parent,
            seconds=round((time.monotonic() - worker.started) / worker.together, 3),
        )
        worker.results.append(result)
        if worker.idle:
            self._deliver(worker)

    def _deliver(self, worker: WorkerProcess) -> None:
        """Let go of a population's results: all at once, so that no half of it is in the journal."""
        results = sorted(worker.results, key=lambda result: result.id)
        worker.results.clear()
        self._finished += [result for result in results if result.value is not None]
        self._before += results
        self._results += results


def _error(problem: Problem) -> ArchmendError:
    if problem.kind == "missing":
        return MissingExtra("TensorFlow", "cpu")
    return (BadInput if problem.kind == "input" else Unavailable)(problem.text)
