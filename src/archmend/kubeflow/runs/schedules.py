"""A schedule as its file declares it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from archmend.errors import BadInput, unknown_name
from archmend.kubeflow.runs.cron import Cron, parse_cron
from archmend.kubeflow.runs.submit import EXPERIMENT

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHORTEST = 60
"""Seconds; the controller looks every ten or so, and a run of one step takes longer."""


def _seconds(text: object) -> int:
    found = re.fullmatch(r"(\d+)([smhd])", text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("is no duration; write a number and s, m, h or d, such as 90m")
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds < _SHORTEST:
        raise ValueError(f"is shorter than {_SHORTEST} s; give at least 1m")
    return seconds


def _cron(text: str) -> str:
    parse_cron(text)
    return text


class Schedule(BaseModel):
    """When a pipeline is to run, and with what."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$")]
    """By which it is known at the server."""
    description: Annotated[str, Field(max_length=500)] = ""
    cron: Annotated[str | None, AfterValidator(lambda text: text and _cron(text))] = None
    """Five fields: minute, hour, day of the month, month, weekday; or `every`."""
    every: Annotated[int | None, BeforeValidator(_seconds)] = None
    """Time between two starts, as 90m, 6h or 1d; the first is that long after the start. In seconds here."""
    time_zone: str | None = None
    """Of the cron expression; only the controller's can be had."""
    start: AwareDatetime | None = None
    """Nothing is due before it."""
    end: AwareDatetime | None = None
    """Nothing is due after it."""
    max_concurrency: Annotated[int, Field(ge=1, le=10)] = 1
    """Runs of this schedule at the same time."""
    catch_up: bool = False
    """Make up, one by one, for starts that were due while it could not run; else for the last of them."""
    enabled: bool = True
    pipeline: str | None = None
    """Compiled YAML, relative to this file; archmend's own unless given."""
    experiment: Annotated[str, Field(min_length=1)] = EXPERIMENT
    """That groups its runs in the user interface."""
    caching: bool = True
    """As compiled, or off in every step."""
    service_account: str = ""
    parameters: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_trigger(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise ValueError("needs one of cron and every")
        if self.start and self.end and self.end <= self.start:
            raise ValueError(
                f"ends at {self.end.isoformat()}, which is not after its start; change one of them"
            )
        return self

    @property
    def expression(self) -> Cron | None:
        """The cron expression, None for an interval."""
        return None if self.cron is None else parse_cron(self.cron)


def load_schedules(path: Path) -> list[tuple[Schedule, Path | None]]:
    """Read a file of schedules, one a YAML document.

    Returns:
        Each with the path of its pipeline, None for archmend's own.

    Raises:
        BadInput: the file cannot be read, or something in it is wrong.
    """
    import yaml

    try:
        documents = [
            each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each is not None
        ]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadInput(f"{path} cannot be read ({why}); give a file of schedules") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise BadInput(
            f"{path} is no YAML{line}; put a text that begins with * or has a colon into quotes"
        ) from error
    if not documents:
        raise BadInput(f"{path} holds no schedule; see schedules/example.yaml")
    found = [_parsed(path, document) for document in documents]
    names = [schedule.name for schedule, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"{path} has two schedules named {name!r}; rename one")
    return found


def _parsed(path: Path, document: object) -> tuple[Schedule, Path | None]:
    if not isinstance(document, dict):
        raise BadInput(f"{path} holds {document!r} where a schedule should be; see schedules/example.yaml")
    name = document.get("name")
    where = f"{path}: schedule {name}" if name else str(path)
    for key in document:
        if key not in Schedule.model_fields:
            raise unknown_name(f"key in {where}:", str(key), Schedule.model_fields)
    try:
        schedule = Schedule.model_validate(document)
    except ValidationError as error:
        raise BadInput(f"{where}: {_sentence(error)}") from error
    return schedule, path.parent / schedule.pipeline if schedule.pipeline else None


def _sentence(error: ValidationError) -> str:
    wrong = error.errors()[0]
    words = str(wrong["msg"]).removeprefix("Value error, ")
    if not wrong["loc"]:
        return words
    name = ".".join(map(str, wrong["loc"]))
    if wrong["type"] == "missing":
        return f"{name} is missing; give it"
    value = wrong["input"]
    if isinstance(wrong.get("ctx", {}).get("error"), BadInput):
        return words
    shown = value.isoformat() if isinstance(value, datetime) else repr(value)
    return f"{name} is {shown}: {words[0].lower()}{words[1:]}"
