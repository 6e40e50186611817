"""Makes the server's recurring runs what the files declare; again, it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archmend.errors import BadInput
from archmend.kubeflow.runs.plan import Plan, plan_schedule
from archmend.kubeflow.runs.recurring import Recurring, named, remove, switch
from archmend.kubeflow.runs.replace import replace
from archmend.kubeflow.runs.schedules import Schedule
from archmend.kubeflow.runs.server import Server


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
    """Bring one schedule to the server: `plan_schedule` and `apply_plan` in one.

    Raises:
        BadInput, ArchmendError: see both.
    """
    return apply_plan(server, plan_schedule(server, schedule, pipeline, controller_zone=controller_zone))


def apply_plan(server: Server, plan: Plan) -> Applied:
    """Bring a schedule that was checked to the server.

    Raises:
        BadInput: something else made a recurring run of that name, or the old one still owes starts.
        Unavailable: the server went away meanwhile; says what to do. ArchmendError: see `Server.ask`.
    """
    name = plan.schedule.name
    held = named(server, name)
    if foreign := [each for each in held if not each.digest]:
        raise BadInput(
            f"a recurring run named {name} is there that archmend did not make "
            f"({server.links.schedule(foreign[0].id)}); delete it, or rename the schedule"
        )
    kept = _right_one(held, plan.digest)
    if kept is not None:
        return _kept(server, plan.schedule, kept, [each for each in held if each is not kept])
    made, notes = replace(server, plan, held)
    return Applied(name, "replaced" if held else "created", server.links.schedule(made), tuple(notes))


def _right_one(held: Sequence[Recurring], digest: str) -> Recurring | None:
    """Return the one that is as declared, None where it must be made.

    A disabled one beside another that is enabled is what a replacement left when it was given up. It may
    not be enabled any more: it would make up for what the other has started since.
    """
    enabled = [each for each in held if each.enabled]
    same = [each for each in (enabled or held) if each.digest == digest]
    return min(same, key=lambda each: each.age, default=None)


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
