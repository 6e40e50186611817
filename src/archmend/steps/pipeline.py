"""All five steps in one process: what `archmend run` does."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from archmend.errors import BadInput, unknown_name
from archmend.steps.run_request import RUN, RunRequest, claim_run, utc_now
from archmend.storage import write_atomic

if TYPE_CHECKING:
    from archmend.evaluation import Evaluation
    from archmend.registry import Version
    from archmend.search import SearchProgress
    from archmend.steps.confirm_record import ConfirmRecord
    from archmend.steps.records import BestRecord
    from archmend.steps.repair import RepairProgress

MODEL, EVALUATION, REGISTERED, REPAIRED = (
    "model.keras",
    "evaluation.json",
    "registered.json",
    "repair.json",
)
REPAIR_SHARE = 0.25
"""Of a limited time, what the search leaves to the repair."""
_T = TypeVar("_T")
__all__ = ["RunOutcome", "RunRequest", "RunWatch", "run"]
StepName = Literal["search", "repair", "evaluate", "register", "report"]


@dataclass(frozen=True)
class RunWatch:
    """Who is told how a run goes on: of each step's beginning, and of the progress in two of them."""

    step: Callable[[StepName], None] = lambda _: None
    search: Callable[[SearchProgress], None] | None = None
    repair: Callable[[RepairProgress], None] | None = None


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to: the best trial, the test results, the registered version, the report."""

    best: BestRecord
    evaluation: Evaluation
    version: Version
    report: Path
    confirmed: ConfirmRecord | None = None


def run(request: RunRequest, watch: RunWatch | None = None) -> RunOutcome:
    """Prepare, search, repair, evaluate, register and report, in the folder `request.search.out`.

    With `resume`, steps that came to their end are not done again.

    Raises:
        BadInput, NothingSucceeded, Interrupted, Unavailable: as the steps do; what they have finished stays.
    """
    from archmend.repair import repair_strategy_names

    if request.repair_strategy not in repair_strategy_names():
        raise unknown_name("repair strategy", request.repair_strategy, repair_strategy_names())
    return _Run(request, watch or RunWatch()).go()


class _Run:
    def __init__(self, request: RunRequest, watch: RunWatch) -> None:
        self._request, self._watch = request, watch
        self._out = request.search.out
        self._started = time.monotonic()
        self._state = claim_run(request)

    def go(self) -> RunOutcome:
        best = self._searched()
        self._repaired(best)
        evaluation = self._evaluated()
        version = self._registered()
        self._begin("report")
        self._state = self._state.model_copy(update={"finished": utc_now()})
        self._write()
        from archmend.reports import write_report
        from archmend.steps.confirm_record import read_confirm

        report = write_report(self._out)
        return RunOutcome(best, evaluation, version, report, read_confirm(self._out))

    def _searched(self) -> BestRecord:
        """Search, or go on with a search; one that has come to its end says its best again at once."""
        from archmend.steps.search import search
        from archmend.steps.search_folder import SEARCH

        asked = self._request.search
        if asked.max_seconds is not None:
            asked = replace(asked, max_seconds=asked.max_seconds * (1 - REPAIR_SHARE))
        self._write()
        # run.json has claimed the folder, so what the search finds there is its own.
        asked = replace(asked, resume=(self._out / SEARCH).exists())
        try:
            return self._timed("search", lambda: search(asked, self._search_progress()).best)
        except BadInput:
            if not (self._out / SEARCH).exists():
                self._unclaim()
            raise

    def _search_progress(self) -> Callable[[SearchProgress], None]:
        """Say that the search begins with its first report, which comes when nothing is left to refuse."""
        begun = False

        def told(progress: SearchProgress) -> None:
            nonlocal begun
            if not begun:
                begun = True
                self._begin("search")
            if self._watch.search is not None:
                self._watch.search(progress)

        return told

    def _unclaim(self) -> None:
        """Leave no trace of a run that was refused before it began."""
        self._remove(RUN)
        with suppress(OSError):  # something else is in it
            self._out.rmdir()

    def _repaired(self, best: BestRecord) -> None:
        from archmend.steps.repair import RepairRequest, repair
        from archmend.steps.repair_checkpoint import FILE as CHECKPOINT

        if (self._out / MODEL).exists() and self._repaired_before() == best.architecture:
            self._remove(CHECKPOINT)
            return
        # Of a repair that was cut, or of another architecture that was the best so far.
        self._remove(MODEL, REPAIRED, EVALUATION, REGISTERED)
        self._begin("repair")
        asked = self._request.search
        request = RepairRequest(
            data=str(self._out / "data"),
            out=self._out,
            arch=best.architecture,
            space=asked.space,
            strategy=self._request.repair_strategy,
            epochs=self._request.repair_epochs,
            batch_size=asked.batch_size,
            max_seconds=self._seconds_left(),
            optimizer=asked.optimizer,
            learning_rate=asked.learning_rate,
            seed=asked.seed,
            checkpoint=self._out / CHECKPOINT,
        )
        self._timed("repair", lambda: repair(request, self._watch.repair))

    def _repaired_before(self) -> str | None:
        """Return the architecture that the model in the folder began as."""
        from archmend.steps.repair_files import RepairRecord

        path = self._out / REPAIRED
        return RepairRecord.model_validate_json(path.read_bytes()).start if path.exists() else None

    def _remove(self, *names: str) -> None:
        for name in names:
            (self._out / name).unlink(missing_ok=True)

    def _evaluated(self) -> Evaluation:
        from archmend.evaluation import Evaluation as Result
        from archmend.steps.evaluate import EvaluateRequest, evaluate

        path = self._out / EVALUATION
        if path.exists():
            return Result.model_validate_json(path.read_bytes())
        self._remove(REGISTERED)
        self._begin("evaluate")
        request = EvaluateRequest(model=self._out / MODEL, data=self._out / "data", out=self._out)
        return self._timed("evaluate", lambda: evaluate(request))

    def _registered(self) -> Version:
        from archmend.registry import Version as Result
        from archmend.steps.register import RegisterRequest, register

        path = self._out / REGISTERED
        if path.exists():
            return Result.model_validate_json(path.read_bytes())
        self._begin("register")
        request = RegisterRequest(
            model=self._out / MODEL,
            evaluation=self._out / EVALUATION,
            registry=self._request.registry,
            name=self._request.name,
            promote_margin=self._request.promote_margin,
            data=str(self._out / "data"),
            run_dir=self._out,
            out=self._out,
        )
        return self._timed("register", lambda: register(request))

    def _seconds_left(self) -> float | None:
        """Return what of the time for search and repair the search has left."""
        from archmend.steps.search_folder import SEARCH, SearchState

        total = self._request.search.max_seconds
        if total is None:
            return None
        spent = SearchState.model_validate_json((self._out / SEARCH).read_bytes()).seconds
        return max(1.0, total - spent)

    def _begin(self, step: StepName) -> None:
        self._watch.step(step)

    def _timed(self, step: StepName, work: Callable[[], _T]) -> _T:
        started = time.monotonic()
        result = work()
        seconds = {**self._state.seconds, step: round(time.monotonic() - started, 3)}
        self._state = self._state.model_copy(update={"seconds": seconds})
        self._write()
        return result

    def _write(self) -> None:
        write_atomic(self._out / RUN, self._state.model_dump_json(indent=2) + "\n")
