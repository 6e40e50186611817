"""The search step: data, a space and a budget in; trials.jsonl and best.json out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from archmend.datasets import DataInfo, Prepared, write_prepared
from archmend.errors import ArchmendError, BadInput, Interrupted, NothingSucceeded
from archmend.networks import check_tensorflow
from archmend.networks.latency_model import with_least_latency
from archmend.search import (
    Budget,
    SearchProgress,
    SearchResult,
    Strategy,
    TrialResult,
    create_strategy,
    parse_strategy,
    run,
    too_slow,
    with_epochs,
)
from archmend.spaces import Space
from archmend.steps.confirm import Confirmed, confirm
from archmend.steps.confirm_record import ConfirmRecord
from archmend.steps.explanation import write_explanation
from archmend.steps.flags import memory_bytes
from archmend.steps.journal import Journal, results_of
from archmend.steps.records import BestRecord, TrialRecord
from archmend.steps.search_folder import (
    DATA,
    TRIALS,
    WEIGHTS,
    SearchState,
    claim,
    data_of,
    read_best,
    space_of,
    tidy_weights,
    write_results,
    write_state,
)
from archmend.steps.search_keeping import Keeper
from archmend.steps.search_latency import predicted_latency
from archmend.steps.search_request import SearchRequest
from archmend.steps.signals import interruptible
from archmend.steps.training_settings import training_settings
from archmend.steps.warm_start import kept_warm_start, read_warm_start
from archmend.training import PooledEvaluator, encoded_bytes, parent_chooser, weights_file
from archmend.training.fused import Grouping, grouping, why_alone

Progress = Callable[[SearchProgress], None]

__all__ = ["SearchOutcome", "SearchRequest", "read_best", "search"]


@dataclass(frozen=True)
class SearchOutcome:
    """What a search came to.

    Attributes:
        best: as best.json has it. trials: charged ones, by number. pareto: of them.
        rejected: over a cost limit. stopped_by: what ended it.
        seconds: of the wall clock, over all parts of a resumed run.
        confirmed: what fresh trainings of the best said; None where none were wanted.
        alone: why each trial was trained by itself; None where several were together, or nobody wanted it.
    """

    best: BestRecord
    trials: tuple[TrialRecord, ...]
    pareto: tuple[TrialRecord, ...]
    rejected: tuple[TrialRecord, ...]
    stopped_by: str
    seconds: float
    confirmed: ConfirmRecord | None = None
    alone: str | None = None


def search(request: SearchRequest, progress: Progress | None = None) -> SearchOutcome:
    """Search, and write the step's files; every trial is on the disk before the next is asked for.

    Raises:
        BadInput: the request, its data or its output folder; a budget that nothing fits.
        NothingSucceeded: no trial was measured, or the first ones failed alike.
        Interrupted: by a signal; `resume` goes on.
        Unavailable: the disk is full, the data or a worker is lost; `resume` goes on.
    """
    interrupted = (
        f"the search was interrupted; the same command with --out {request.out} --resume goes on with it"
    )
    with interruptible(interrupted):
        return _search(request, progress)


def _search(request: SearchRequest, progress: Progress | None) -> SearchOutcome:
    started = time.monotonic()
    check_tensorflow()
    state = claim(request)
    spent = state.seconds if state else 0.0

    def seconds() -> float:
        return spent + time.monotonic() - started

    data = data_of(request, state)
    info = data.info if isinstance(data, Prepared) else data
    space = space_of(request, info)
    budget = request.budget(seconds())
    latency = state.latency if state else predicted_latency(request, space)
    if latency is not None:
        space = with_least_latency(space, latency.model)
    earlier = (
        kept_warm_start(request.out, state.warm_start, space)
        if state
        else read_warm_start(request.warm_start, space, request.objective)
    )
    strategy = _checked_strategy(request, space, budget, earlier.results)
    grouped = _grouping(request, space, strategy, budget, info, state)
    # Nothing is written before everything that was asked for has been found to fit together.
    if isinstance(data, Prepared):
        write_prepared(data, request.out / DATA)
    if state is None:
        earlier.write(request.out, request.objective)
    with Journal(request.out / TRIALS) as journal:
        history = results_of(request.out / TRIALS, journal.records, space)
        write_state(
            request,
            info,
            seconds(),
            latency=latency,
            warm_start=earlier.runs,
            population=grouped.population,
        )
        tidy_weights(request.out / WEIGHTS, {result.id for result in history})
        keeper = Keeper(request, info, journal, history, seconds)
        try:
            if strategy is None:
                result = _on_katib(request, space, history, keeper, progress)
            else:
                result = _here(request, space, strategy, history, keeper, progress, grouped)
            confirmed = _confirmed(request, space, result, seconds, progress)
        except Interrupted:
            # What the trials that were cut took counts when the run goes on.
            write_state(request, info, seconds())
            raise
        except ArchmendError:
            keeper.write()
            raise
    if result.best is None:
        slow = too_slow(budget, [*result.trials, *result.rejected])
        if slow is not None:
            raise BadInput(slow)
        raise NothingSucceeded(_why_nothing(result.trials, result.stopped_by))
    if confirmed is not None:
        result = replace(result, best=confirmed.winner)
        best = write_results(request, info, result, confirmed.record.mean_of(confirmed.winner.id))
    else:
        best = write_results(request, info, result)
    fresh = () if confirmed is None else confirmed.fresh
    write_explanation(request.out, space, budget, request.objectives[0], result, fresh)
    if latency is not None:
        latency = latency.checked_on(space, [*result.trials, *result.rejected])
    write_state(request, info, seconds(), result.stopped_by, latency=latency)
    outcome = _outcome(request, result, best, seconds(), None if confirmed is None else confirmed.record)
    return replace(outcome, alone=grouped.reason)


def _checked_strategy(
    request: SearchRequest, space: Space, budget: Budget, earlier: Sequence[TrialResult]
) -> Strategy | None:
    """Return the strategy; None where Katib has it, after it was found to fit."""
    if request.engine == "katib":
        from archmend.steps.katib_plan import check_on_katib

        check_on_katib(request, space, budget)
        return None
    name, settings = parse_strategy(request.strategy)
    strategy = create_strategy(
        name,
        space,
        request.seed,
        budget=budget,
        objectives=request.objectives,
        prior=earlier,
        **with_epochs(name, settings, request.epochs),
    )
    if request.early_stopping is not None and strategy.fidelities:
        raise BadInput(
            f"--strategy {request.strategy} stops trials itself, and --early-stopping "
            f"{request.early_stopping} would, too; leave one of them out"
        )
    if earlier and not strategy.learns:
        raise BadInput(
            f"--warm-start tells results of earlier runs and --strategy {request.strategy} looks at none; "
            "leave it out, or take a strategy that does (asha and hyperband: by their proposer)"
        )
    return strategy


def _here(
    request: SearchRequest,
    space: Space,
    strategy: Strategy,
    history: Sequence[TrialResult],
    keeper: Keeper,
    progress: Progress | None,
    grouped: Grouping,
) -> SearchResult:
    """Search in processes of this machine."""
    with _evaluator(request, space, history, grouped) as evaluator:
        keeper.evaluator, keeper.fidelities = evaluator, strategy.fidelities
        return run(
            space,
            evaluator,
            strategy,
            request.budget(keeper.seconds()),
            seed=request.seed,
            history=history,
            on_trial=keeper.keep,
            progress=progress,
        )


def _on_katib(
    request: SearchRequest,
    space: Space,
    history: Sequence[TrialResult],
    keeper: Keeper,
    progress: Progress | None,
) -> SearchResult:
    """Search in the pods of a cluster."""
    from archmend.steps.katib_search import search_on_katib

    budget = request.budget(keeper.seconds())
    return search_on_katib(request, space, budget, history, keeper.keep, progress)


def _grouping(
    request: SearchRequest,
    space: Space,
    strategy: Strategy | None,
    budget: Budget,
    info: DataInfo,
    state: SearchState | None,
) -> Grouping:
    """Return how trials are grouped: a run that goes on has the populations that it began with."""
    if strategy is None and request.katib is not None and request.katib.trials_per_pod > 1:
        return Grouping(None, None if request.no_fuse else why_alone(space, request.optimizer))
    if strategy is None or request.no_fuse:
        return Grouping(None)
    made = grouping(
        space,
        strategy,
        budget,
        request.optimizer,
        steps=request.epochs * -(-info.rows["train"] // request.batch_size),
        workers=request.worker_count,
        batch_size=request.batch_size,
        data_bytes=encoded_bytes(info),
        learning_rate=request.learning_rate,
        inherits=request.inherit != "none",
        population=request.population if state is None else state.population,
        max_memory=None if request.max_memory is None else memory_bytes(request.max_memory),
    )
    if state is not None and state.population is None:
        return replace(made, population=None)
    return made


def _evaluator(
    request: SearchRequest,
    space: Space,
    history: Sequence[TrialResult],
    grouped: Grouping,
    *,
    keep: bool = True,
) -> PooledEvaluator:
    weights = request.out / WEIGHTS
    settings = training_settings(request, request.out / DATA, weights if keep else None, grouped.memory)
    return PooledEvaluator(
        settings,
        workers=request.worker_count,
        population=grouped.population,
        weigh=lambda suggestion: float(space.cost(suggestion.architecture).get("params", 0.0)),
        objectives=request.objectives,
        choose_parent=parent_chooser(request.inherit, space),
        finished=[r for r in history if r.value is not None and weights_file(weights, r.id).is_file()],
        early_stopping=request.stopping,
        before=history,
    )


def _confirmed(
    request: SearchRequest,
    space: Space,
    result: SearchResult,
    seconds: Callable[[], float],
    progress: Progress | None,
) -> Confirmed | None:
    """Train the best again, if that is wanted and there is one."""
    if request.confirm is None or result.best is None:
        return None
    # A limit of what is measured has let them pass once.
    anew = replace(request, inherit="none", max_latency_ms=None, early_stopping=None)
    left = None if request.max_seconds is None else max(1e-6, request.max_seconds - seconds())

    def alone() -> PooledEvaluator:
        # Each in an order of its own: what the order of a population did to the best is to be seen, too.
        return _evaluator(anew, space, (), Grouping(None), keep=False)

    return confirm(request, space, result, alone, left, progress)


def _outcome(
    request: SearchRequest,
    result: SearchResult,
    best: BestRecord,
    seconds: float,
    confirmed: ConfirmRecord | None,
) -> SearchOutcome:
    def records(results: Sequence[TrialResult]) -> tuple[TrialRecord, ...]:
        return tuple(TrialRecord.of(r, request.objective) for r in results)

    return SearchOutcome(
        best,
        records(result.trials),
        records(result.pareto),
        records(result.rejected),
        result.stopped_by,
        seconds,
        confirmed,
    )


def _why_nothing(trials: Sequence[TrialResult], stopped_by: str) -> str:
    if not trials:
        return f"no trial was begun (stopped by: {stopped_by}); give more time, or wider limits"
    reasons = Counter(f"{result.status}: {result.reason}" for result in trials)
    most, count = reasons.most_common(1)[0]
    more = "give more time, or mend that" if stopped_by == "seconds" else "mend that"
    return f"none of the {len(trials)} trials was measured ({count} {most}); {more}"
