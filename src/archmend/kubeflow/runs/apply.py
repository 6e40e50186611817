"""Makes the server's recurring runs what the files declare; again, it changes nothing.

Kubeflow Pipelines cannot change a recurring run. So a changed schedule takes over from the old one: that is
disabled first, the new one is made to begin at that moment by the server's clock, and then the old one goes.
Never are two of a name enabled, and whatever is interrupted in between is finished by applying again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Literal

from archmend.errors import BadInput
from archmend.kubeflow.runs.package import Package, load_package
from archmend.kubeflow.runs.parameters import checked_parameters
from archmend.kubeflow.runs.recurring import (
    Recurring,
    create,
    digest_of,
    recurring_runs,
    remove,
    runs_of,
    switch,
)
from archmend.kubeflow.runs.schedules import Schedule
from archmend.kubeflow.runs.server import Server
from archmend.kubeflow.runs.upload import upload
from archmend.kubeflow.runs.wait import ENDED
from archmend.kubeflow.runs.zones import clock_zone


@dataclass(frozen=True)
class Applied:
    """What was done for one schedule.

    Attributes:
        name: of the schedule. done: to it. link: to its page in the user interface.
        notes: what the change may have cost, a sentence each.
    """

    name: str
    done: Literal["created", "replaced", "enabled", "disabled", "unchanged"]
    link: str
    notes: tuple[str, ...] = ()


def apply_schedule(
    server: Server, schedule: Schedule, pipeline: Path | None = None, *, controller_zone: str = ""
) -> Applied:
    """Bring one schedule to the server.

    Args:
        server: to bring it to.
        schedule: as declared.
        pipeline: its compiled YAML; None is archmend's own.
        controller_zone: of the controller's clock, where it cannot be seen.

    Raises:
        BadInput: wrong parameters, another time zone than the controller's, a name that something else has,
            or starts that the old one still owes. ArchmendError: see `Server.ask`.
    """
    package = load_package(pipeline)
    parameters = checked_parameters(schedule.parameters, package.inputs)
    zone = clock_zone(server, schedule, controller_zone)
    digest = digest_of(schedule, package, parameters)
    held = [each for each in recurring_runs(server) if each.name == schedule.name]
    if foreign := [each for each in held if not each.digest]:
        raise BadInput(
            f"a recurring run named {schedule.name} is there that archmend did not make "
            f"({server.links.schedule(foreign[0].id)}); delete it, or rename the schedule"
        )
    same = sorted((each for each in held if each.digest == digest), key=lambda each: not each.enabled)
    if same:
        return _kept(server, schedule, same[0], [each for each in held if each is not same[0]])
    _refuse_debts(server, held, zone)
    source = _source(server, schedule, package)
    experiment = server.experiment(schedule.experiment)
    working = [each for each in held if each.enabled]
    for each in working:
        switch(server, each, on=False)
    # The server's clock tells whole seconds: the next one is after the last start of the old schedule.
    begin = server.now() + timedelta(seconds=1) if held else None
    try:
        made = create(server, schedule, parameters, source, experiment, digest, begin)
    except BaseException:
        for each in working:
            switch(server, each, on=True)
        raise
    notes: list[str] = []
    if begin is not None:
        for each in working:
            notes += _cost(server, each, begin, zone)
    for each in held:
        remove(server, each)
    return Applied(
        schedule.name, "replaced" if held else "created", server.links.schedule(made), tuple(notes)
    )


def _kept(server: Server, schedule: Schedule, kept: Recurring, others: Sequence[Recurring]) -> Applied:
    """Leave the one that is right, switched as declared; the others are what a replacement left."""
    for each in others:
        if each.enabled:
            switch(server, each, on=False)
        remove(server, each)
    link = server.links.schedule(kept.id)
    if kept.enabled == schedule.enabled:
        return Applied(schedule.name, "unchanged", link)
    switch(server, kept, on=schedule.enabled)
    return Applied(schedule.name, "enabled" if schedule.enabled else "disabled", link)


def _source(server: Server, schedule: Schedule, package: Package) -> dict[str, Any]:
    import kfp_server_api as api

    if not schedule.caching:
        return {"pipeline_spec": package.without_caching()}
    version = upload(server, package)
    reference = api.V2beta1PipelineVersionReference(
        pipeline_id=version.pipeline_id, pipeline_version_id=version.version_id
    )
    return {"pipeline_version_reference": reference}


def _last(server: Server, recurring: Recurring) -> datetime:
    """Return for when its last run was due; where there is none, when it was made."""
    due = [run.scheduled_at for run in runs_of(server, recurring) if run.scheduled_at is not None]
    return max(due, default=recurring.raw.created_at)


def _refuse_debts(server: Server, held: Sequence[Recurring], zone: tzinfo) -> None:
    """Refuse to replace a schedule that catches up and is behind: its waiting starts would be lost."""
    now = datetime.now(UTC)
    for each in held:
        if not each.enabled or each.raw.no_catchup:
            continue
        waiting = list(each.due(_last(server, each), now, zone))
        if len(waiting) > 1:
            raise BadInput(
                f"schedule {each.name} catches up and still owes {len(waiting)} starts, since "
                f"{waiting[0].isoformat()}; apply again when they have run, or delete it first"
            )


def _cost(server: Server, old: Recurring, begin: datetime, zone: tzinfo) -> list[str]:
    """Say what a replacement may have cost: a start that fell into it, runs that go on beside new ones."""
    notes = []
    runs = runs_of(server, old)
    missed = list(old.due(_last(server, old), begin, zone))
    if missed:
        notes.append(
            f"the start of {missed[-1].isoformat()} may have been missed; "
            f"archmend schedule run-now {old.name} makes up for it"
        )
    going = sum(run.state not in ENDED for run in runs)
    if going:
        notes.append(f"{going} of its earlier runs go on and do not count for max_concurrency")
    return notes
