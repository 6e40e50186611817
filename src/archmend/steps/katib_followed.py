"""An Experiment followed to its end: its trials taken over as they end, and what ends the search decided."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from archmend.errors import BadInput, NothingSucceeded, Unavailable
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.experiment import Plan
from archmend.kubeflow.katib.following import PERIOD, Following, Snapshot
from archmend.kubeflow.katib.pods import waiting_for
from archmend.kubeflow.katib.states import TrialState
from archmend.search import (
    Budget,
    SearchProgress,
    SearchResult,
    StoppedBy,
    TrialResult,
    best_of,
    common_failure,
    pareto_front,
    reached_target,
)
from archmend.steps.katib_ends import EXHAUSTED, TARGET, TIME, ended_by, say
from archmend.steps.katib_members import Member, members
from archmend.steps.katib_numbers import Numbers
from archmend.steps.katib_trials import TrialReader
from archmend.training import SEARCH_OVER, TIME_OVER

GRACE = 20.0
"""Seconds after the limit in which trials may still hand in what they have."""
QUIET = 30.0
"""Seconds without a running trial after which the suggestion service is asked what keeps it."""
Progress = Callable[[SearchProgress], None]


class FollowedSearch:
    """Follows one Experiment to its end."""

    def __init__(
        self,
        plan: Plan,
        client: KatibClient,
        budget: Budget,
        history: Sequence[TrialResult],
        keep: Callable[[TrialResult], None],
        progress: Progress | None,
    ) -> None:
        """Ask nothing yet; the arguments are those of `search_on_katib`."""
        self._plan, self._client, self._budget = plan, client, budget
        self._keep, self._progress = keep, progress
        self._reader = TrialReader(client, plan, plan.objectives)
        self._objectives = plan.objectives
        self._results: dict[int, TrialResult] = {result.id: result for result in history}
        self._names = Numbers(plan, history)
        self._pods: dict[int, str] = {}
        self._running: list[Member] = []
        self._end = None if budget.seconds is None else time.monotonic() + budget.seconds
        self._busy = time.monotonic()
        self._none_left = False
        self._waiting: str | None = None
        self._last: TrialResult | None = None

    def follow(self) -> SearchResult:
        """Take snapshots until the Experiment, the clock, the target or a failure ends it.

        Raises:
            BadInput: what the suggestion service refuses.
            NothingSucceeded: the Experiment failed, or its first trials did for one reason.
            Unavailable: the cluster, the store, or an Experiment that is gone.
        """
        self._show(0)
        for snapshot in Following(self._client, self._plan.name, period=PERIOD):
            if snapshot.experiment is None:
                raise Unavailable(
                    f"experiment {self._plan.name} was deleted while it ran; the same command makes it anew"
                )
            self._keep_to(snapshot.experiment.deadline)
            self._take(snapshot)
            stopped_by = self._stopped_by(snapshot)
            if stopped_by is not None:
                return self._result(stopped_by)
        raise AssertionError("following has no end of its own")

    def _take(self, snapshot: Snapshot) -> None:
        """Record the trials that ended, in the order in which they were created."""
        ordered: list[Member] = []
        for trial in sorted(snapshot.trials.values(), key=lambda trial: (trial.created, trial.name)):
            number = self._names.of(trial.name)
            if number is not None:  # else it is none of this search's
                ordered += members(self._plan, trial, number)
        ordered.sort(key=lambda member: member.number)
        self._pods |= {member.number: member.pod.name for member in ordered}
        running = self._running = [member for member in ordered if not member.state.finished]
        for member in ordered:
            if member.state.finished and member.number not in self._results:
                self._record(self._reader.result(member, self._names.parents()))
        if running:
            self._busy, self._none_left = time.monotonic(), False
            self._say_what_they_wait_for({m.pod.name: m.pod for m in running}.values())

    def _keep_to(self, deadline: float | None) -> None:
        """Take over the end of an Experiment that a predecessor made: it has used some of the time."""
        if deadline is not None:
            end = time.monotonic() + deadline - time.time()
            self._end = end if self._end is None else min(self._end, end)

    def _record(self, result: TrialResult) -> None:
        self._results[result.id] = result
        self._keep(result)
        self._last = result
        self._show(len(self._running))

    def _stopped_by(self, snapshot: Snapshot) -> StoppedBy | None:
        """Return why the search is over, None while it is not."""
        results = tuple(self._results.values())
        running = [n for n, pod in self._pods.items() if n not in self._results and pod in snapshot.trials]
        reason = common_failure(results, running) if self._best() is None else None
        if reason is not None:
            self._client.stop(self._plan.name, "its first trials failed alike")
            raise NothingSucceeded(f"the first trials failed alike: {reason}")
        if reached_target(self._budget, self._objectives, results):
            self._end_now(TARGET, SEARCH_OVER)
            return "target"
        assert snapshot.experiment is not None
        state = snapshot.experiment
        if state.kind == "succeeded" and not running:
            return ended_by(state, self._plan)
        if self._end is not None and time.monotonic() >= self._end:
            return self._out_of_time(running)
        if state.kind == "failed":
            words = self._why_failed(state.message or state.reason, results)
            raise NothingSucceeded(words) if self._best() is None else Unavailable(words)
        if state.kind == "succeeded":
            return None  # what still runs is part of the search
        return self._stuck(running)

    def _out_of_time(self, running: Sequence[int]) -> StoppedBy | None:
        assert self._end is not None
        if running and time.monotonic() < self._end + GRACE:
            return None  # they know the limit too, and hand in what they have
        self._end_now(TIME, TIME_OVER)
        return "seconds"

    def _end_now(self, reason: str, of_trials: str) -> None:
        """Stop the Experiment; what still runs is recorded with what it has handed in by now."""
        self._client.stop(self._plan.name, reason)
        for member in self._running:
            if member.number not in self._results:
                self._record(self._reader.cut(member, self._names.parents(), of_trials))

    def _stuck(self, running: Sequence[int]) -> StoppedBy | None:
        """Find out why nothing runs: an exhausted space is an end, a refused request an error."""
        if running or time.monotonic() - self._busy < QUIET:
            return None
        self._busy = time.monotonic()
        words = self._client.events("Suggestion", self._plan.name)
        last = words[-1] if words else "nothing is said of its suggestion service"
        if "OutOfRange" in last and not self._none_left:
            # It may have been said after the last suggestions were given, whose trials are not seen yet.
            self._none_left = True
        elif "OutOfRange" in last:
            self._client.stop(self._plan.name, EXHAUSTED)
            return "exhausted"
        if "InvalidArgument" in last:
            self._client.stop(self._plan.name, "its settings were refused")
            raise BadInput(f"the suggestion service refused experiment {self._plan.name}: {last}")
        say(f"no trial runs: {last}")
        return None

    def _say_what_they_wait_for(self, trials: Iterable[TrialState]) -> None:
        found = ((trial.name, waiting_for(self._client, trial)) for trial in trials)
        name, words = next(((name, words) for name, words in found if words is not None), ("", None))
        if words is not None and words != self._waiting:
            say(f"trial {name} waits: {words}")
        self._waiting = words

    def _why_failed(self, words: str, results: Sequence[TrialResult]) -> str:
        failed = [r for r in results if r.status == "failed"]
        last = f"; trial {failed[-1].id}: {failed[-1].reason}" if failed else ""
        return f"experiment {self._plan.name} failed: {words}{last}"

    def _show(self, running: int) -> None:
        if self._progress is None:
            return
        charged = sum(r.status != "rejected" for r in self._results.values())
        left = None if self._end is None else max(0.0, self._end - time.monotonic())
        self._progress(SearchProgress(charged, running, self._budget.trials, self._best(), self._last, left))

    def _best(self) -> TrialResult | None:
        return best_of(list(self._results.values()))

    def _result(self, stopped_by: StoppedBy) -> SearchResult:
        ordered = [self._results[number] for number in sorted(self._results)]
        charged = tuple(r for r in ordered if r.status != "rejected")
        front = tuple(pareto_front(charged))
        return SearchResult(
            self._best(),
            charged,
            front,
            tuple(r for r in ordered if r.status == "rejected"),
            stopped_by,
        )
