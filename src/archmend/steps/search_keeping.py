"""What a trial of a search leaves behind: its line, the weights that are still needed, and the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from archmend.datasets import DataInfo
from archmend.search import TrialResult, incumbent
from archmend.steps.confirm import best_candidates
from archmend.steps.journal import Journal
from archmend.steps.records import TrialRecord
from archmend.steps.search_folder import WEIGHTS, drop_weights, write_state
from archmend.steps.search_request import SearchRequest
from archmend.training import PooledEvaluator, promotable


class Keeper:
    """Keeps what each new trial leaves, before the next is asked for.

    Attributes:
        evaluator: that trains here, None where Katib does. fidelities: that the strategy asks for.
        seconds: of the wall clock so far, over all parts of a resumed run.
    """

    def __init__(
        self,
        request: SearchRequest,
        info: DataInfo,
        journal: Journal,
        history: Sequence[TrialResult],
        seconds: Callable[[], float],
    ) -> None:
        """Take the journal, and what it holds as the history."""
        self._request, self._info, self._journal = request, info, journal
        self._results = list(history)
        self._weighted = {result.id for result in history}
        self._new: list[TrialResult] = []
        self.evaluator: PooledEvaluator | None = None
        self.fidelities: tuple[int, ...] = ()
        self.seconds = seconds

    def keep(self, result: TrialResult) -> None:
        """Write a trial down, those of a population together: half of one would go on as another one.

        Raises:
            Unavailable: the disk is full.
        """
        self._new.append(result)
        if self.evaluator is None or not self.evaluator.ready:
            self.write()

    def write(self) -> None:
        """Write down what has come.

        Raises:
            Unavailable: the disk is full.
        """
        if not self._new:
            return
        self._journal.append(*(TrialRecord.of(result, self._request.objective) for result in self._new))
        self._results += self._new
        self._weighted |= {result.id for result in self._new}
        self._new.clear()
        if self.evaluator is not None and self._request.inherit != "parent":
            self._drop(self.evaluator.parents)
        if self._request.max_seconds is not None:
            # A killed run that goes on has used this much of its time.
            write_state(self._request, self._info, self.seconds())

    def _drop(self, parents: AbstractSet[int]) -> None:
        """Remove weights that nobody asks for again; those of trials without a line yet stay."""
        best = incumbent(self._results)
        needed = parents | ({best.id} if best is not None else set())
        if self._request.confirm is not None:
            needed |= {r.id for r in best_candidates(self._results, self._request.confirm)}
        if self.fidelities:
            needed |= promotable(self._results, self.fidelities[-1])
        drop_weights(self._request.out / WEIGHTS, self._weighted - needed)
        self._weighted &= needed
