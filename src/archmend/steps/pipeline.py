"""All five steps in one process: what `archmend run` does."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

import archmend
from archmend.errors import BadInput, unknown_name
from archmend.steps.flags import at_least, flag
from archmend.steps.search_request import FREE, SearchRequest
from archmend.storage import write_atomic

if TYPE_CHECKING:
    from archmend.evaluation import Evaluation
    from archmend.registry import Version
    from archmend.search import SearchProgress
    from archmend.steps.records import BestRecord
    from archmend.steps.repair import RepairProgress

RUN, MODEL, EVALUATION, REGISTERED, REPAIRED = (
    "run.json",
    "model.keras",
    "evaluation.json",
    "registered.json",
    "repair.json",
)
REPAIR_SHARE = 0.25
"""Of a limited time, what the search leaves to the repair."""
_T = TypeVar("_T")
StepName = Literal["search", "repair", "evaluate", "register", "report"]


@dataclass(frozen=True)
class RunRequest:
    """What `archmend run` is asked for.

    Attributes:
        search: the search's flags; `max_seconds` is for search and repair together.
        repair_strategy, repair_epochs: of the repair of the best architecture, which stays in the space.
        registry: folder. name: of the model in it. promote_margin: by which it must beat the champion.
    """

    search: SearchRequest
    repair_strategy: str = "auto"
    repair_epochs: int = 30
    registry: str = "registry"
    name: str = "model"
    promote_margin: float = 0.0

    def __post_init__(self) -> None:
        """Check what the later steps would refuse, before the first one works for an hour.

        Raises:
            BadInput: naming the flag and its value.
        """
        from archmend.registry import check_name

        at_least("repair_epochs", self.repair_epochs, 1)
        if not 0 <= self.promote_margin <= 1:
            raise BadInput(f"--promote-margin must be a fraction from 0 to 1, got {self.promote_margin}")
        check_name(self.name)

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, the search's among them."""
        own = {k: v for k, v in asdict(self).items() if k != "search"}
        return {**self.search.as_json(), **own}


class RunState(BaseModel):
    """run.json: what was asked, and how far it is.

    Attributes:
        command: that repeats the run. request: all flags, defaults too.
        started, finished: UTC, ISO 8601. seconds: per step, of the part of a resumed run that did it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    command: str
    request: dict[str, Any]
    archmend_version: str = archmend.__version__
    started: str
    finished: str | None = None
    seconds: dict[str, float] = {}


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
        self._state = _claim(request)

    def go(self) -> RunOutcome:
        best = self._searched()
        self._repaired(best)
        evaluation = self._evaluated()
        version = self._registered()
        self._begin("report")
        self._state = self._state.model_copy(update={"finished": _now()})
        self._write()
        from archmend.reports import write_report

        return RunOutcome(best, evaluation, version, write_report(self._out))

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

        if (self._out / MODEL).exists() and self._repaired_before() == best.architecture:
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


def command_of(request: Mapping[str, Any]) -> str:
    """Return the command that repeats a run, with every flag that is set, but for where its files go."""
    words = ["archmend", "run"]
    for name, value in request.items():
        if value is None or value is False or name in ("out", "resume", "workers"):
            continue
        words += [flag(name), str(value)]
    return shlex.join(words)


def _claim(request: RunRequest) -> RunState:
    """Return the state of a new run, or of the one that `--resume` goes on with.

    Raises:
        BadInput: the folder holds a run and that was not asked for, or another one.
    """
    out, asked = request.search.out, request.as_json()
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file; name a folder")
    path = out / RUN
    if not path.exists():
        held = sorted(p.name for p in out.iterdir()) if out.is_dir() else []
        if held:
            raise BadInput(f"--out {out} holds something else ({held[0]!r}); choose another folder")
        return RunState(command=command_of(asked), request=asked, started=_now())
    if not request.search.resume:
        raise BadInput(f"--out {out} holds a run; add --resume to go on with it, or choose another folder")
    try:
        state = RunState.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{path} is damaged; start in another folder") from error
    changed = {"command": command_of(asked), "request": asked}
    for name, value in asked.items():
        if name not in FREE and value != state.request.get(name):
            raise BadInput(
                f"--resume goes on with the run in {out}, but {flag(name)} is {value} and was "
                f"{state.request.get(name)}; give the same flags as then"
            )
    return state.model_copy(update=changed)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
