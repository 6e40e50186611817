"""What the controller of recurring runs does: starts of their runs, by the clock it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from archmend.testing.pipelines.objects import Objects, instant
from archmend.testing.pipelines.six_fields import SixFields

_ENDED = ("SUCCEEDED", "FAILED", "SKIPPED", "CANCELED")


class Controller:
    """Starts what is due: one run a look for each recurring run, as Kubeflow's does.

    A recurring run that does not catch up starts for the last time that was due, one that does for each. One
    that has as many runs as max_concurrency waits. The zone is UTC.
    """

    def __init__(self, objects: Objects) -> None:
        """Take the objects of a `FakePipelines`."""
        self._objects = objects
        self._last: dict[str, datetime] = {}

    def look(self, now: datetime) -> list[dict[str, Any]]:
        """Start what is due at `now`, and return the runs."""
        started = []
        for each in list(self._objects.recurring.values()):
            due = self._due(each, now)
            running = sum(
                run["state"] not in _ENDED
                for run in self._objects.runs.values()
                if run.get("recurring_run_id") == each["recurring_run_id"]
            )
            if each["status"] != "ENABLED" or due is None or due > now:
                continue
            if running >= int(each.get("max_concurrency", 1)):
                continue
            self._last[each["recurring_run_id"]] = due
            started.append(self._objects.start_scheduled(each, due))
        return started

    def _due(self, each: dict[str, Any], now: datetime) -> datetime | None:
        trigger = each["trigger"]
        bounds = trigger.get("cron_schedule") or trigger["periodic_schedule"]
        start = instant(bounds["start_time"]) if bounds.get("start_time") else None
        end = instant(bounds["end_time"]) if bounds.get("end_time") else datetime.max.replace(tzinfo=UTC)
        last = self._last.get(each["recurring_run_id"]) or start or instant(each["created_at"])
        last = max(last, start) if start else last
        cron = SixFields(trigger["cron_schedule"]["cron"]) if "cron_schedule" in trigger else None
        step = timedelta(seconds=int(bounds.get("interval_second", 0)))

        def following(moment: datetime) -> datetime | None:
            found = cron.after(moment) if cron else moment + step
            return found if found is not None and found <= end else None

        due = following(last)
        if each.get("no_catchup") and due is not None:
            while (later := following(due)) is not None and later <= now:
                due = later
        return due
