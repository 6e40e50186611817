"""A recurring run takes over from another of its name.

Kubeflow Pipelines cannot change a recurring run, so a changed schedule is a new one:

1. the old one is disabled;
2. the new one is made, disabled, with a start just after that moment by the server's clock;
3. of several that are made at once, only the first stays;
4. the new one is enabled, and the old one deleted.

Two of a name are never enabled. Whatever is interrupted in between, applying again finishes it: up to step 3
the old one is enabled again where that can be done; afterwards the new one makes up for the start it missed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from archmend.errors import ArchmendError, BadInput, Unavailable
from archmend.kubeflow.runs.failures import AbsentError
from archmend.kubeflow.runs.plan import Plan
from archmend.kubeflow.runs.recurring import Recurring, create, named, remove, runs_of, switch
from archmend.kubeflow.runs.server import Server
from archmend.kubeflow.runs.upload import upload
from archmend.kubeflow.runs.wait import ENDED

_MARGIN = timedelta(seconds=2)
"""The server tells whole seconds, and the controller sees a moment later that the old one is disabled."""


def replace(server: Server, plan: Plan, held: Sequence[Recurring]) -> tuple[str, list[str]]:
    """Make the recurring run of a plan in the place of those that are held, if any.

    Returns:
        Its id, and what the change may have cost, a sentence each.

    Raises:
        BadInput: starts that an old one still owes. Unavailable: the server went away meanwhile, or another
            made the schedule otherwise at the same moment. ArchmendError: see `Server.ask`.
    """
    _refuse_debts(server, held, plan)
    # All that may be refused comes before the first change.
    source = _source(server, plan)
    experiment = server.experiment(plan.schedule.experiment)
    working = [each for each in held if each.enabled]
    for each in working:
        with contextlib.suppress(AbsentError):
            switch(server, each, on=False)
    begin = server.now() + _MARGIN if held else None
    try:
        made = create(server, plan.schedule, plan.parameters, source, experiment, plan.digest, begin)
        first = _first(server, made, plan.schedule.name, held)
    except BaseException as error:
        _give_back(server, working, error)
        raise
    if first.id != made:
        return _yielded(server, plan, made, first)
    try:
        if plan.schedule.enabled:
            switch(server, first, on=True)
        notes = _costs(server, plan, held, begin) if begin is not None else []
        for each in held:
            _tidy(server, each)
    except Unavailable as error:
        raise Unavailable(
            f"{error}; schedule {plan.schedule.name} is replaced by half, which starts nothing twice: "
            "apply it again"
        ) from error
    return made, notes


def _source(server: Server, plan: Plan) -> dict[str, Any]:
    import kfp_server_api as api

    if not plan.schedule.caching:
        return {"pipeline_spec": plan.package.without_caching()}
    version = upload(server, plan.package)
    reference = api.V2beta1PipelineVersionReference(
        pipeline_id=version.pipeline_id, pipeline_version_id=version.version_id
    )
    return {"pipeline_version_reference": reference}


def _first(server: Server, made: str, name: str, held: Sequence[Recurring]) -> Recurring:
    """Return the first of those that were made since we looked: ours, unless another applies as well.

    Both see the same order, so that only one of them goes on.
    """
    known = {each.id for each in held}
    rivals = [each for each in named(server, name) if each.id not in known and each.digest]
    if not any(each.id == made for each in rivals):
        raise Unavailable(f"{server.where} made the schedule {name} and does not list it; apply it again")
    return min(rivals, key=lambda each: each.age)


def _yielded(server: Server, plan: Plan, made: str, first: Recurring) -> tuple[str, list[str]]:
    _tidy(server, Recurring(made, plan.schedule.name, False, plan.digest, None))
    if first.digest != plan.digest:
        raise Unavailable(
            f"another made schedule {plan.schedule.name} at the same moment and otherwise "
            f"({server.links.schedule(first.id)}); agree on one and apply it again"
        )
    return first.id, ["another applied the same at the same moment; apply again to see that it is enabled"]


def _give_back(server: Server, working: Sequence[Recurring], error: BaseException) -> None:
    """Enable the old one again; the new one, if there is one, is disabled."""
    try:
        for each in working:
            switch(server, each, on=True)
    except ArchmendError:
        raise Unavailable(
            f"{str(error) or type(error).__name__}; schedule {working[0].name} is disabled meanwhile: "
            "apply it again"
        ) from error


def _tidy(server: Server, recurring: Recurring) -> None:
    # Whoever applies at the same moment may have been here before.
    with contextlib.suppress(AbsentError):
        remove(server, recurring)


def _last(server: Server, recurring: Recurring) -> datetime:
    """Return for when its last run was due; where there is none, when it was made."""
    due = [run.scheduled_at for run in runs_of(server, recurring) if run.scheduled_at is not None]
    return max(due, default=recurring.raw.created_at)


def _refuse_debts(server: Server, held: Sequence[Recurring], plan: Plan) -> None:
    """Refuse to replace a schedule that catches up and is behind: its waiting starts would be lost."""
    now = server.now()
    for each in held:
        if not each.enabled or each.raw.no_catchup:
            continue
        waiting = list(each.due(_last(server, each), now, plan.zone()))
        if len(waiting) > 1:
            raise BadInput(
                f"schedule {each.name} catches up and still owes {len(waiting)} starts, since "
                f"{waiting[0].isoformat()}; apply again when they have run, or delete it first"
            )


def _costs(server: Server, plan: Plan, held: Sequence[Recurring], begin: datetime) -> list[str]:
    """Say what a replacement may have cost: a start that fell into it, runs that go on beside new ones."""
    name, every = plan.schedule.name, plan.schedule.every
    missed: list[datetime] = []
    going = 0
    for each in held:
        if plan.schedule.enabled:
            missed += each.due(_last(server, each), begin, plan.zone())
        going += sum(run.state not in ENDED for run in runs_of(server, each))
    notes = []
    if missed:
        notes.append(
            f"the start of {max(missed).isoformat()} may have been missed; "
            f"archmend schedule run-now {name!r} makes up for it"
        )
    if every is not None and plan.schedule.enabled:
        starts = max(begin, plan.schedule.start or begin) + timedelta(seconds=every)
        notes.append(f"its interval begins anew: the next start is that of {starts.isoformat()}")
    if going:
        notes.append(f"{going} of its earlier runs go on and do not count for max_concurrency")
    return notes
