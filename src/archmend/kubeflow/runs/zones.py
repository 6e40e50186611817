"""The one time zone that Kubeflow's schedules have: that of the controller's clock."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archmend.errors import BadInput
from archmend.kubeflow.runs.schedules import Schedule
from archmend.kubeflow.runs.server import Server

_UTC = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Zulu", "Etc/Zulu", "UCT", "Universal", "Etc/Universal"})


def clock_zone(server: Server, schedule: Schedule, told: str = "") -> tzinfo:
    """Return the zone of the controller's clock; UTC, its default, where nobody knows it or asks.

    Args:
        server: whose controller.
        schedule: that may name a zone.
        told: the controller's zone, where it cannot be seen.

    Raises:
        BadInput: the schedule names another zone, or one although the controller's is unknown.
    """
    wanted, where = schedule.time_zone, f"schedule {schedule.name}: time_zone is {schedule.time_zone}"
    if wanted is not None and _zone(wanted) is None:
        raise BadInput(f"{where}, which is no zone; write UTC or a name such as Europe/Berlin")
    known = told or server.time_zone()
    if wanted is not None and known is None:
        raise BadInput(
            f"{where}, and the zone of the controller's clock cannot be seen from here; name it with "
            "--controller-time-zone, or leave time_zone out"
        )
    if wanted is not None and wanted != known and not {wanted, known} <= _UTC:
        raise BadInput(
            f"{where} and the controller's clock is {known}: Kubeflow has one zone for all schedules, and "
            f"converted times would be wrong when clocks change; write the times in {known}"
        )
    zone = _zone(known or "UTC")
    if zone is None:
        raise BadInput(f"the controller's time zone {known!r} is no zone; give one such as UTC")
    return zone


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
