"""The search loop: ask, evaluate, record, tell, until a budget ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from archmend.errors import BadInput, NothingSucceeded
from archmend.search.evaluating import Evaluator, OneByOne, Pool
from archmend.search.fitting import refuse_impossible
from archmend.search.hypervolume import Hypervolume
from archmend.search.objectives import check_value
from archmend.search.pareto import best_of, pareto_front
from archmend.search.repeats import incumbent
from archmend.search.stopping import (
    ALIKE,
    SLOW,
    StoppedBy,
    charged,
    common_failure,
    reached_target,
    too_slow,
)
from archmend.search.strategy import Strategy
from archmend.search.types import Budget, Suggestion, TrialResult, checked_budget
from archmend.spaces import Space

_BLIND = 1000
"""Rejections in a row after which a strategy that does not know the limits is of no use."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes:
        best: the Pareto front's trial with the best first objective, of several fidelities one with the
            highest; by posterior mean where an architecture was measured more than once, see `incumbent`.
            None where nothing was measured.
        trials: charged ones, by id. pareto: of them, the best first objective first.
        rejected: over a cost limit, never trained. stopped_by: what ended the search.
    """

    best: TrialResult | None
    trials: tuple[TrialResult, ...]
    pareto: tuple[TrialResult, ...]
    rejected: tuple[TrialResult, ...]
    stopped_by: StoppedBy

    @property
    def hypervolume(self) -> Hypervolume | None:
        """What the trials cover of several objectives; None with one."""
        return Hypervolume.of(self.trials)


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Where a search stands.

    Attributes:
        finished: charged trials. running: under way. trials: the limit, None for none.
        best: so far. last: the trial that finished last. seconds_left: None without a limit.
    """

    finished: int
    running: int
    trials: int | None
    best: TrialResult | None
    last: TrialResult | None
    seconds_left: float | None


def run(
    space: Space,
    evaluator: Evaluator | Pool,
    strategy: Strategy,
    budget: Budget,
    *,
    seed: int = 0,
    history: Iterable[TrialResult] = (),
    on_trial: Callable[[TrialResult], None] | None = None,
    progress: Callable[[SearchProgress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> SearchResult:
    """Search until the budget, the target or the space ends it, and return the best of all tried.

    Args:
        space: to search.
        evaluator: a callable from suggestions to results as they finish, or a `Pool`. Its attributes
            `deadline` (a moment of `clock`; it stops running trials there) and `seed` are set if it has them.
        strategy: for this space, told nothing yet but possibly `history`.
        budget: limits.
        seed: of the trials, for evaluators that take one.
        history: results of the same search, from its journal.
        on_trial: called with each new result, rejected ones too, and has returned before the next ask.
        progress: called with where the search stands, at the start and after each trial.
        clock: seconds.

    Raises:
        BadInput: no architecture fits the budget, or none of the first keeps its limit of latency; a strategy
            for another space, other objectives or without the limits; a history with a running trial.
        NothingSucceeded: the first trials all failed for the same reason.
    """
    if not isinstance(strategy, Strategy):
        raise BadInput(f"strategy must be a Strategy, got {strategy!r}; make one with create_strategy")
    checked_budget(budget)
    if not callable(evaluator) and not isinstance(evaluator, Pool):
        raise BadInput(f"evaluator must be callable or a Pool, got {evaluator!r}; give one")
    given = getattr(evaluator, "objectives", None)
    if given is not None and tuple(given) != strategy.objectives:
        raise BadInput(
            f"the evaluator measures {', '.join(given)} and the strategy was made for "
            f"{', '.join(strategy.objectives)}; give both the same objectives"
        )
    refuse_impossible(space, budget)
    deadline = None if budget.seconds is None else clock() + budget.seconds
    for name, value in (("deadline", deadline), ("seed", seed)):
        if hasattr(evaluator, name):
            setattr(evaluator, name, value)
    pool = evaluator if isinstance(evaluator, Pool) else OneByOne(evaluator)
    state = _Search(space, pool, strategy, budget, deadline, on_trial, progress, clock, history)
    return state.go()


class _Search:
    def __init__(
        self,
        space: Space,
        pool: Pool,
        strategy: Strategy,
        budget: Budget,
        deadline: float | None,
        on_trial: Callable[[TrialResult], None] | None,
        progress: Callable[[SearchProgress], None] | None,
        clock: Callable[[], float],
        history: Iterable[TrialResult],
    ) -> None:
        self._space, self._pool, self._strategy, self._budget = space, pool, strategy, budget
        self._deadline, self._clock = deadline, clock
        self._on_trial, self._progress = on_trial, progress
        told = list(history)
        running = next((result.id for result in told if result.status == "running"), None)
        if running is not None:
            raise BadInput(
                f"the history has trial {running} as running; leave it out, so that it is asked again"
            )
        strategy.tell(told)  # which refuses two results of one trial
        results = self._results = list({result.id: result for result in told}.values())
        # Kept as results come: going through all of them after each trial would make long searches slow.
        self._best, self._charged = best_of(results), charged(results)
        self._running: dict[int, Suggestion] = {}
        self._over_in_a_row = 0
        self._last: TrialResult | None = None

    def go(self) -> SearchResult:
        self._show()
        self._give_up_if_all_fail()
        while True:
            stopped_by = self._fill()
            if not self._running:
                break
            result = self._pool.next_result()
            suggestion = self._running.pop(result.id, None)
            if suggestion is not None and result.status == "running":
                raise BadInput(
                    f"the evaluator gave trial {result.id} as running; give its result, once it has one"
                )
            if suggestion is None:
                raise BadInput(
                    f"the evaluator gave a result of trial {result.id}, which is not running; "
                    "give one result for each suggestion"
                )
            if result.fidelity is None and suggestion.fidelity is not None:
                result = replace(result, fidelity=suggestion.fidelity)  # the journal has to hold it
            self._record(result)
        assert stopped_by is not None
        tried = tuple(sorted((r for r in self._results if r.status != "rejected"), key=lambda r: r.id))
        rejected = tuple(sorted((r for r in self._results if r.status == "rejected"), key=lambda r: r.id))
        return SearchResult(incumbent(tried), tried, pareto_front(tried), rejected, stopped_by)

    def _fill(self) -> StoppedBy | None:
        """Keep the pool busy; return why nothing more is asked.

        None is no end: the pool is full, or the strategy waits for what is running.
        """
        if getattr(self._pool, "ready", 0):
            return None  # these come first, as they do when a search goes on from its journal
        while len(self._running) < self._pool.concurrency:
            stopped_by = self._over()
            if stopped_by is not None:
                return stopped_by
            asked = self._strategy.ask(1)
            if not asked:
                # What runs may decide what is asked next: a rung is waited for, or a promotion comes of it.
                return None if self._running else "exhausted"
            (suggestion,) = asked
            if suggestion.architecture not in self._space:
                raise BadInput(
                    f"the strategy suggested {suggestion.architecture}, which is not of space "
                    f"{self._space.name!r}; make it for this space"
                )
            excess = self._budget.excess(self._space.cost(suggestion.architecture))
            if excess is None:
                self._running[suggestion.id] = suggestion
                self._pool.submit(suggestion)
                self._over_in_a_row = 0
            else:
                self._record(_rejected(self._space, suggestion, excess))
                self._over_in_a_row += 1
                self._refuse_blind_strategy()
        return None

    def _refuse_blind_strategy(self) -> None:
        """Refuse to go on rejecting what a strategy suggests that was not told the limits."""
        if self._over_in_a_row < _BLIND or self._strategy.budget.limits() == self._budget.limits():
            return
        raise BadInput(
            f"the last {_BLIND:,} suggestions of strategy {self._strategy.name!r} were over the budget's "
            "limits, which it was made without; give create_strategy the same budget"
        )

    def _over(self) -> StoppedBy | None:
        budget = self._budget
        if self._best is not None and reached_target(budget, self._strategy.objectives, [self._best]):
            self._cut_short()
            return "target"
        if self._deadline is not None and self._clock() >= self._deadline:
            return "seconds"
        # Running ones are charged too, so that workers never start one trial too many.
        if budget.trials is not None and self._charged + len(self._running) >= budget.trials:
            return "trials"
        return None

    def _cut_short(self) -> None:
        """Let what is running stop now, where the evaluator can."""
        if self._running and hasattr(self._pool, "deadline"):
            self._pool.deadline = self._clock()

    def _record(self, result: TrialResult) -> None:
        check_value(result, self._strategy.objectives)
        self._strategy.tell([result])
        self._results.append(result)
        self._charged += charged([result])
        self._best = best_of([result] if self._best is None else [self._best, result])
        if self._on_trial is not None:
            self._on_trial(result)
        self._last = result
        self._show()
        if self._best is None:
            self._give_up_if_all_fail()
        if not self._charged and result.latency_ms is not None:
            slow = too_slow(self._budget, self._results, SLOW)
            if slow is not None:
                raise BadInput(slow)

    def _give_up_if_all_fail(self) -> None:
        reason = common_failure(self._results, self._running)
        if reason is not None:
            raise NothingSucceeded(f"the first {ALIKE} trials failed alike: {reason}")

    def _show(self) -> None:
        if self._progress is None:
            return
        left = None if self._deadline is None else max(0.0, self._deadline - self._clock())
        self._progress(
            SearchProgress(
                self._charged, len(self._running), self._budget.trials, self._best, self._last, left
            )
        )


def _rejected(space: Space, suggestion: Suggestion, reason: str) -> TrialResult:
    cost = space.cost(suggestion.architecture)
    return TrialResult(
        suggestion.id,
        suggestion.architecture,
        None,
        "rejected",
        suggestion.fidelity,
        reason=reason,
        params=int(cost["params"]) if "params" in cost else None,
        flops=int(cost["flops"]) if "flops" in cost else None,
    )
