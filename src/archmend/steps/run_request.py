"""What a whole run is asked for, and run.json, which says whose a folder is."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import archmend
from archmend.errors import BadInput
from archmend.steps.flags import at_least, flag
from archmend.steps.search_request import SPACE_DIGEST, SearchRequest, request_difference

RUN = "run.json"
_NO_FLAGS = ("out", "resume", "katib", SPACE_DIGEST)
"""What the command that repeats a run leaves out."""


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


def command_of(request: RunRequest) -> str:
    """Return the command that repeats a run, with every flag that is set, but for where its files go."""
    pods = request.search.katib
    # What a strategy knows when it asks depends on how many trials run, so their number is named.
    running = {"workers": request.search.worker_count} if pods is None else pods.flags()
    flags = {**request.as_json(), **running}
    words = ["archmend", "run"]
    for name, value in flags.items():
        if value is None or value is False or name in _NO_FLAGS:
            continue
        for each in value if isinstance(value, list) else [value]:
            words += [flag(name)] if each is True else [flag(name), str(each)]
    return shlex.join(words)


def claim_run(request: RunRequest) -> RunState:
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
        return RunState(command=command_of(request), request=asked, started=utc_now())
    if not request.search.resume:
        raise BadInput(f"--out {out} holds a run; add --resume to go on with it, or choose another folder")
    try:
        state = RunState.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"{path} is damaged; start in another folder") from error
    changed = {"command": command_of(request), "request": asked}
    differs = request_difference(asked, state.request)
    if differs is not None:
        raise BadInput(f"--resume goes on with the run in {out}, but {differs}; give the same flags as then")
    return state.model_copy(update=changed)


def utc_now() -> str:
    """Return this moment in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
