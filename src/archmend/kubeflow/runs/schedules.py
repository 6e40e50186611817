"""A schedule as its file declares it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from archmend.kubeflow.runs.cron import Cron, parse_cron
from archmend.kubeflow.runs.submit import EXPERIMENT

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHORTEST = 60
"""Seconds; the controller looks every ten or so, and a run of one step takes longer."""
_LONGEST_DAYS = 366


def _seconds(text: object) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("is no duration; write a number and s, m, h or d, such as 90m")
    seconds = int(found[1]) * _UNITS[found[2]]
    if seconds < _SHORTEST:
        raise ValueError(f"is shorter than {_SHORTEST} s; give at least 1m")
    if seconds > _LONGEST_DAYS * _UNITS["d"]:
        raise ValueError(f"is longer than a year; give at most {_LONGEST_DAYS}d")
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
    cron: Annotated[str | None, AfterValidator(lambda text: None if text is None else _cron(text))] = None
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
            raise ValueError("it needs one of cron and every, and not both; mend that")
        if self.start and self.end and self.end <= self.start:
            raise ValueError(
                f"it ends at {self.end.isoformat()}, which is not after its start; change one of them"
            )
        return self

    @property
    def expression(self) -> Cron | None:
        """The cron expression, None for an interval."""
        return None if self.cron is None else parse_cron(self.cron)
