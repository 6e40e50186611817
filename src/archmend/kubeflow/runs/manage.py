"""Schedules at the server: which there are, away with one, a run of one at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archmend.errors import BadInput, unknown_name
from archmend.kubeflow.runs.recurring import Recurring, recurring_runs, remove, runs_of
from archmend.kubeflow.runs.server import Server
from archmend.kubeflow.runs.submit import Submitted, start_run


@dataclass(frozen=True)
class Listed:
    """A schedule at the server.

    Attributes:
        name: of it. when: its trigger. enabled: whether it starts runs. ours: whether archmend made it.
        last: when its last run was due, None before the first. state: of that run. link: to its page.
    """

    name: str
    when: str
    enabled: bool
    ours: bool
    last: datetime | None
    state: str
    link: str


def list_schedules(server: Server) -> Iterator[Listed]:
    """Yield the schedules of the namespace, also those that archmend did not make, the newest first.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    for each in recurring_runs(server):
        last = next(iter(runs_of(server, each)), None)
        yield Listed(
            name=each.name,
            when=each.when,
            enabled=each.enabled,
            ours=bool(each.digest),
            last=last.scheduled_at if last else None,
            state=str(last.state).lower() if last else "",
            link=server.links.schedule(each.id),
        )


def delete_schedule(server: Server, name: str) -> None:
    """Delete a schedule that archmend made; the runs it has started go on.

    Raises:
        BadInput: there is none of that name, or archmend did not make it. ArchmendError: see `Server.ask`.
    """
    for each in _named(server, name):
        remove(server, each)


def run_now(server: Server, name: str) -> Submitted:
    """Start what a schedule starts, now and once; the schedule itself goes on as it was.

    Such a run does not count for the schedule's max_concurrency.

    Raises:
        BadInput: there is none of that name, or archmend did not make it. ArchmendError: see `Server.ask`.
    """
    raw = _named(server, name)[0].raw
    source: dict[str, Any]
    if raw.pipeline_version_reference is not None:
        source = {"pipeline_version_reference": raw.pipeline_version_reference}
    else:
        source = {"pipeline_spec": raw.pipeline_spec}
    parameters = (raw.runtime_config.parameters if raw.runtime_config else None) or {}
    title = f"{name} {server.now():%Y-%m-%d %H:%M:%S}"
    return start_run(server, title, raw.experiment_id, parameters, source, raw.service_account or "")


def _named(server: Server, name: str) -> list[Recurring]:
    """Return those of a name, the enabled ones first."""
    listed = list(recurring_runs(server))
    found = [each for each in listed if each.name == name]
    if not found:
        if not listed:
            raise BadInput(
                f"there is no schedule {name!r}, nor any other, at {server.where}; apply one first"
            )
        raise unknown_name("schedule", name, {each.name for each in listed})
    if not all(each.digest for each in found):
        raise BadInput(
            f"archmend did not make the recurring run {name} ({server.links.schedule(found[0].id)}); use the "
            "user interface for it"
        )
    return sorted(found, key=lambda each: not each.enabled)
