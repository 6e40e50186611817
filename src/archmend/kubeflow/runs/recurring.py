"""Recurring runs at the server: those of a name, what they were made from, when they are due."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from archmend.kubeflow.runs.cron import from_kubeflow
from archmend.kubeflow.runs.package import Package
from archmend.kubeflow.runs.schedules import Schedule
from archmend.kubeflow.runs.server import Server, equals

_MARK = "archmend-schedule sha256:"


@dataclass(frozen=True)
class Recurring:
    """A recurring run at the server.

    Attributes:
        id: of it. name: of it. enabled: whether it starts runs.
        digest: of what archmend made it from; empty for one that something else made.
        raw: as the generated client gives it.
    """

    id: str
    name: str
    enabled: bool
    digest: str
    raw: Any

    @property
    def age(self) -> tuple[datetime, str]:
        """What orders those of a name, the first that was made first; alike for everybody who looks."""
        return self.raw.created_at, self.id

    @property
    def when(self) -> str:
        """Its trigger in words: the five fields, or the interval; empty for one that has none."""
        trigger = self.raw.trigger
        if trigger is not None and trigger.cron_schedule is not None:
            # What somebody else wrote and five fields cannot say stands as it is.
            cron = from_kubeflow(trigger.cron_schedule.cron)
            return cron.text if cron else str(trigger.cron_schedule.cron)
        if trigger is not None and trigger.periodic_schedule is not None:
            return f"every {trigger.periodic_schedule.interval_second} s"
        return ""

    def due(self, after: datetime, until: datetime, zone: tzinfo = UTC) -> Iterator[datetime]:
        """Yield when it is due in a span of time, by its trigger, its start and its end."""
        trigger = self.raw.trigger
        bounds = trigger.cron_schedule or trigger.periodic_schedule
        if bounds.start_time is not None:
            after = max(after, bounds.start_time)
        if bounds.end_time is not None:
            until = min(until, bounds.end_time)
        if trigger.cron_schedule is not None:
            cron = from_kubeflow(trigger.cron_schedule.cron)
            yield from cron.times(after, until, zone) if cron else ()
            return
        step = timedelta(seconds=int(trigger.periodic_schedule.interval_second))
        while (after := after + step) <= until:
            yield after


def recurring_runs(server: Server) -> Iterator[Recurring]:
    """Yield every recurring run of the namespace, the newest first.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    listed = server.every(
        "list the recurring runs",
        server.recurring.recurring_run_service_list_recurring_runs,
        "recurring_runs",
        namespace=server.namespace,
        sort_by="created_at desc",
    )
    for raw in listed:
        found = re.search(re.escape(_MARK) + r"([0-9a-f]{64})", raw.description or "")
        yield Recurring(
            id=str(raw.recurring_run_id),
            name=str(raw.display_name),
            enabled=raw.status == "ENABLED" or (raw.status is None and raw.mode == "ENABLE"),
            digest=found[1] if found else "",
            raw=raw,
        )


def named(server: Server, name: str) -> list[Recurring]:
    """Return the recurring runs of a name; it need not be one only.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    return [each for each in recurring_runs(server) if each.name == name]


def runs_of(server: Server, recurring: Recurring) -> list[Any]:
    """Return the latest runs that a recurring run has started, the newest first; at most a page of them.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    page = server.ask(
        f"list the runs of schedule {recurring.name}",
        server.runs.run_service_list_runs,
        namespace=server.namespace,
        page_size=50,
        sort_by="created_at desc",
        filter=equals(recurring_run_id=recurring.id),
    )
    return list(page.runs or [])


def digest_of(schedule: Schedule, package: Package, parameters: Mapping[str, Any]) -> str:
    """Return what changes exactly when the recurring run must be another; enabled or not is no part."""
    content = schedule.model_dump(mode="json", exclude={"name", "enabled", "pipeline", "parameters"})
    content |= {"pipeline": package.digest, "parameters": dict(parameters)}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def create(
    server: Server,
    schedule: Schedule,
    parameters: Mapping[str, Any],
    source: Mapping[str, Any],
    experiment: str,
    digest: str,
    not_before: datetime | None,
) -> str:
    """Make the recurring run of a schedule, disabled, and return its id.

    Args:
        server: to make it at.
        schedule: as declared.
        parameters: with the pipeline's types.
        source: `pipeline_version_reference` or `pipeline_spec`.
        experiment: its id.
        digest: of the schedule.
        not_before: the moment at which it takes over from another; nothing up to it is due here.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    import kfp_server_api as api

    starts = [moment for moment in (schedule.start, not_before) if moment is not None]
    bounds = {"start_time": max(starts, default=None), "end_time": schedule.end}
    cron = schedule.expression
    if cron is not None:
        trigger = api.V2beta1Trigger(cron_schedule=api.V2beta1CronSchedule(cron=cron.kubeflow, **bounds))
    else:
        periodic = api.V2beta1PeriodicSchedule(interval_second=str(schedule.every), **bounds)
        trigger = api.V2beta1Trigger(periodic_schedule=periodic)
    made = server.ask(
        f"make the schedule {schedule.name}",
        server.recurring.recurring_run_service_create_recurring_run,
        api.V2beta1RecurringRun(
            display_name=schedule.name,
            description=f"{schedule.description}\n{_MARK}{digest}".lstrip(),
            experiment_id=experiment,
            namespace=server.namespace or None,
            mode="DISABLE",
            trigger=trigger,
            max_concurrency=str(schedule.max_concurrency),
            no_catchup=not schedule.catch_up,
            runtime_config=api.V2beta1RuntimeConfig(parameters=dict(parameters)),
            service_account=schedule.service_account or None,
            **source,
        ),
    )
    return str(made.recurring_run_id)


def switch(server: Server, recurring: Recurring, *, on: bool) -> None:
    """Enable or disable a recurring run.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    api = server.recurring
    call = (
        api.recurring_run_service_enable_recurring_run
        if on
        else api.recurring_run_service_disable_recurring_run
    )
    server.ask(f"{'enable' if on else 'disable'} the schedule {recurring.name}", call, recurring.id)


def remove(server: Server, recurring: Recurring) -> None:
    """Delete a recurring run; the runs it has started go on.

    By default they would be deleted with it: Kubernetes tidies up what a recurring run owns.

    Raises:
        ArchmendError: see `Server.ask`.
    """
    server.ask(
        f"delete the schedule {recurring.name}",
        server.recurring.recurring_run_service_delete_recurring_run,
        recurring.id,
        propagation_policy="ORPHAN",
    )
