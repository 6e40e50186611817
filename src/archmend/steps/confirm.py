"""The best of a search trained again with fresh seeds: what the first look overestimated, and who wins.

The best of many trials is partly the luckiest. Each of the best architectures is trained `REPEATS` more
times, from scratch and with other seeds, in processes of this machine; who wins is decided by all that is
known then.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from archmend.search import (
    DIRECTIONS,
    Estimate,
    SearchProgress,
    SearchResult,
    Suggestion,
    TrialResult,
    best_first,
    comparable,
    estimates,
    first_of,
    pareto_front,
)
from archmend.spaces import Space
from archmend.steps.confirm_record import CONFIRM, Candidate, ConfirmRecord
from archmend.steps.journal import Journal
from archmend.steps.records import TrialRecord
from archmend.steps.search_request import SearchRequest
from archmend.storage import write_atomic
from archmend.training import PooledEvaluator

TRAINED = "confirm.jsonl"
"""Journal of the fresh trainings: lines as in trials.jsonl."""
REPEATS = 3
_FIRST = 1_000_000
"""Numbers of fresh trainings begin here, so that none has the seed of a trial of the search."""

MakeEvaluator = Callable[[], PooledEvaluator]
Progress = Callable[[SearchProgress], None]


class Confirmed(NamedTuple):
    """What fresh trainings say: the winner's trial, the record of all candidates, and those measured."""

    winner: TrialResult
    record: ConfirmRecord
    fresh: tuple[TrialResult, ...]


def best_candidates(results: Iterable[TrialResult], count: int) -> list[TrialResult]:
    """Return the trials of the best architectures by their first look, one each, the best first.

    With several objectives the front comes first, and of it the best first objective.
    """
    pool = comparable(results)
    found: dict[object, TrialResult] = {}
    for result in [*pareto_front(pool), *best_first(pool)]:
        found.setdefault(result.architecture, result)
    return list(found.values())[:count]


def confirm(
    request: SearchRequest,
    space: Space,
    result: SearchResult,
    evaluator: MakeEvaluator,
    seconds_left: float | None,
    progress: Progress | None = None,
) -> Confirmed:
    """Train the best again, write confirm.json, and return what is known then.

    A training that the end of the time cuts does not count. What a run that goes on has already trained is
    not trained again.

    Args:
        request: says how many are confirmed, and where the files go.
        space: that was searched.
        result: of the search; it has a best.
        evaluator: makes what trains, with the search's settings but without inheritance.
        seconds_left: of the wall clock; None for no limit.
        progress: is told where it stands.

    Raises:
        Unavailable: the disk is full, or a worker is lost.
    """
    deadline = None if seconds_left is None else time.monotonic() + seconds_left
    assert request.confirm is not None
    candidates = best_candidates(result.trials, request.confirm)
    with Journal(request.out / TRAINED) as journal:
        known = {record.trial: record.result(space) for record in journal.records}
        wanted = [
            Suggestion(fresh_number(c.id, repeat), c.architecture, c.fidelity)
            for repeat, c in product(range(REPEATS), candidates)
        ]
        missing = deque(s for s in wanted if s.id not in known)
        if missing:
            with evaluator() as pool:
                pool.deadline, pool.seed = deadline, request.seed
                told = _Telling(progress, len(wanted), len(wanted) - len(missing), result.best, deadline)
                for trained in _trained(pool, missing, deadline):
                    if trained.status != "stopped":
                        journal.append(TrialRecord.of(trained, request.objective))
                        known[trained.id] = trained
                        told.one_more()
    fresh = [known[s.id] for s in wanted if s.id in known]
    record = _judged(request, result, candidates, fresh)
    write_atomic(request.out / CONFIRM, record.model_dump_json(indent=2) + "\n")
    winner = next(c for c in candidates if c.id == record.winner)
    return Confirmed(winner, record, tuple(r for r in fresh if r.value is not None))


def fresh_number(trial: int, repeat: int) -> int:
    """Return the number of a fresh training of a trial's architecture; its seed comes from it."""
    return _FIRST + trial * 100 + repeat


def _trained(
    pool: PooledEvaluator, missing: deque[Suggestion], deadline: float | None
) -> Iterable[TrialResult]:
    running = 0
    while missing or running:
        while missing and running < pool.concurrency and (deadline is None or time.monotonic() < deadline):
            pool.submit(missing.popleft())
            running += 1
        if not running:
            return
        yield pool.next_result()
        running -= 1


def _judged(
    request: SearchRequest,
    result: SearchResult,
    candidates: Sequence[TrialResult],
    fresh: Sequence[TrialResult],
) -> ConfirmRecord:
    """Return what all measurements together say of each candidate, the best one first."""
    measured = [r for r in fresh if r.value is not None]
    # The fresh trainings are as long as the candidates' own, so all of them may be compared; where no trial
    # came to its end, what those were worth that were stopped early is all that is known of them.
    together = [replace(r, fidelity=None, reason=None) for r in (*comparable(result.trials), *measured)]
    known = {e.architecture: e for e in estimates(together)}
    order = list(known)
    rows = [_candidate(c, known[c.architecture], fresh) for c in candidates]
    # One that failed again is no winner where another did not.
    ranked = sorted(
        zip(candidates, rows, strict=True),
        key=lambda pair: (pair[1].failed > 0, order.index(pair[0].architecture)),
    )
    ordered = tuple(row for _, row in ranked)
    return ConfirmRecord(
        objective=request.objectives[0],
        direction="maximize" if DIRECTIONS[request.objectives[0]] > 0 else "minimize",
        repeats=REPEATS,
        candidates=ordered,
        winner=ordered[0].trial if measured else candidates[0].id,
        first_look=candidates[0].id,
    )


def _candidate(trial: TrialResult, estimate: Estimate, fresh: Sequence[TrialResult]) -> Candidate:
    assert trial.value is not None
    own = [r for r in fresh if r.architecture == trial.architecture]
    values = [first_of(r.value) for r in own if r.value is not None]
    look, mean = first_of(trial.value), sum(values) / len(values) if values else None
    return Candidate(
        trial=trial.id,
        architecture=str(trial.architecture),
        first_look=look,
        repeats=tuple(values),
        failed=sum(r.value is None for r in own),
        mean=mean,
        overestimated=None if mean is None else look - mean,
        estimate=estimate.value,
        error=estimate.error,
    )


class _Telling:
    """Tells how many of the fresh trainings are done."""

    def __init__(
        self,
        progress: Progress | None,
        total: int,
        done: int,
        best: TrialResult | None,
        deadline: float | None,
    ) -> None:
        self._progress, self._deadline = progress, deadline
        self._now = SearchProgress(done, 0, total, best, None, None)

    def one_more(self) -> None:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        self._now = replace(self._now, finished=self._now.finished + 1, seconds_left=left)
        if self._progress is not None:
            self._progress(self._now)
