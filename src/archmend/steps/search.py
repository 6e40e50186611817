"""The search step: data, a space and a budget in; trials.jsonl and best.json out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from archmend.datasets import DataInfo
from archmend.errors import NothingSucceeded
from archmend.search import (
    SearchProgress,
    SearchResult,
    TrialResult,
    best_of,
    create_strategy,
    parse_strategy,
    run,
)
from archmend.spaces import Space
from archmend.steps.journal import Journal
from archmend.steps.records import BestRecord, TrialRecord
from archmend.steps.search_folder import (
    DATA,
    TRIALS,
    WEIGHTS,
    claim,
    drop_weights,
    prepared_in,
    read_best,
    space_of,
    write_results,
    write_state,
)
from archmend.steps.search_request import SearchRequest
from archmend.steps.signals import interruptible
from archmend.training import PooledEvaluator, TrainingSettings, parent_chooser, weights_file

__all__ = ["SearchOutcome", "SearchRequest", "read_best", "search"]


@dataclass(frozen=True)
class SearchOutcome:
    """What a search came to.

    Attributes:
        best: as best.json has it. trials: charged ones, by number. pareto: of them.
        rejected: over a cost limit. stopped_by: what ended it.
        seconds: of the wall clock, over all parts of a resumed run.
    """

    best: BestRecord
    trials: tuple[TrialRecord, ...]
    pareto: tuple[TrialRecord, ...]
    rejected: tuple[TrialRecord, ...]
    stopped_by: str
    seconds: float


def search(request: SearchRequest, progress: Callable[[SearchProgress], None] | None = None) -> SearchOutcome:
    """Search, and write the step's files; every trial is on the disk before the next is asked for.

    Raises:
        BadInput: the request, its data or its output folder; a budget that nothing fits.
        NothingSucceeded: no trial was measured, or the first ones failed alike.
        Interrupted: by a signal; `resume` goes on.
        Unavailable: the disk is full, the data or a worker is lost; `resume` goes on.
    """
    started = time.monotonic()
    earlier = claim(request)
    spent = earlier.seconds if earlier else 0.0
    info = prepared_in(request)
    space = space_of(request, info)
    budget = request.budget(spent + time.monotonic() - started)
    name, settings = parse_strategy(request.strategy)
    strategy = create_strategy(
        name, space, request.seed, budget=budget, objectives=request.objectives, **settings
    )
    with Journal(request.out / TRIALS) as journal:
        history = [record.result(space) for record in journal.records]
        keeper = _Keeper(request, info, journal, history, lambda: spent + time.monotonic() - started)
        write_state(request, info, keeper.seconds())
        with _evaluating(request, space, history) as evaluator:
            result = run(
                space,
                evaluator,
                strategy,
                budget,
                seed=request.seed,
                history=history,
                on_trial=keeper.keep,
                progress=progress,
            )
    if result.best is None:
        raise NothingSucceeded(_why_nothing(result.trials, result.stopped_by))
    best = write_results(request, info, result)
    seconds = keeper.seconds()
    write_state(request, info, seconds, result.stopped_by)
    return _outcome(request, result, best, seconds)


class _Keeper:
    """Keeps what a trial leaves: its line, the weights that are still needed, and the time."""

    def __init__(
        self,
        request: SearchRequest,
        info: DataInfo,
        journal: Journal,
        history: Sequence[TrialResult],
        seconds: Callable[[], float],
    ) -> None:
        self._request, self._info, self._journal = request, info, journal
        self._results = list(history)
        self.seconds = seconds

    def keep(self, result: TrialResult) -> None:
        self._journal.append(TrialRecord.of(result, self._request.objective))
        self._results.append(result)
        if self._request.inherit == "none":
            best = best_of(self._results)
            drop_weights(self._request.out / WEIGHTS, None if best is None else best.id)
        if self._request.max_seconds is not None:
            # A killed run that goes on has used this much of its time.
            write_state(self._request, self._info, self.seconds())


@contextmanager
def _evaluating(
    request: SearchRequest, space: Space, history: Sequence[TrialResult]
) -> Iterator[PooledEvaluator]:
    weights = request.out / WEIGHTS
    settings = TrainingSettings(
        request.out / DATA,
        request.space,
        request.epochs,
        request.batch_size,
        request.optimizer,
        request.learning_rate,
        latency="latency_ms" in request.objectives or request.max_latency_ms is not None,
        latency_limit=request.max_latency_ms,
        weights=weights,
    )
    interrupted = f"the search was interrupted; archmend search --out {request.out} --resume goes on with it"
    with (
        interruptible(interrupted),
        PooledEvaluator(
            settings,
            workers=request.worker_count,
            objectives=request.objectives,
            choose_parent=parent_chooser(request.inherit, space),
            finished=[r for r in history if r.value is not None and weights_file(weights, r.id).is_file()],
        ) as evaluator,
    ):
        yield evaluator


def _outcome(request: SearchRequest, result: SearchResult, best: BestRecord, seconds: float) -> SearchOutcome:
    def records(results: Sequence[TrialResult]) -> tuple[TrialRecord, ...]:
        return tuple(TrialRecord.of(r, request.objective) for r in results)

    return SearchOutcome(
        best,
        records(result.trials),
        records(result.pareto),
        records(result.rejected),
        result.stopped_by,
        seconds,
    )


def _why_nothing(trials: Sequence[TrialResult], stopped_by: str) -> str:
    if not trials:
        return f"no trial was begun (stopped by: {stopped_by}); give more time, or wider limits"
    reasons = Counter(f"{result.status}: {result.reason}" for result in trials)
    most, count = reasons.most_common(1)[0]
    return f"none of the {len(trials)} trials was measured ({count} {most}); give more time, or mend that"
