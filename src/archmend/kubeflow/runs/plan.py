"""What a schedule comes to at one server, checked before anything there is changed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from archmend.errors import BadInput
from archmend.kubeflow.runs.package import Package, load_package
from archmend.kubeflow.runs.parameters import checked_parameters
from archmend.kubeflow.runs.recurring import digest_of
from archmend.kubeflow.runs.schedules import Schedule
from archmend.kubeflow.runs.server import Server
from archmend.kubeflow.runs.zones import clock_zone


@dataclass(frozen=True)
class Plan:
    """A schedule that can be applied.

    Attributes:
        schedule: as declared. package: the compiled pipeline. parameters: with the pipeline's types.
        zone: asks for that of the controller's clock. digest: of all that makes another recurring run of it.
    """

    schedule: Schedule
    package: Package
    parameters: Mapping[str, Any]
    zone: Callable[[], tzinfo]
    digest: str


def plan_schedule(
    server: Server, schedule: Schedule, pipeline: Path | None = None, *, controller_zone: str = ""
) -> Plan:
    """Check a schedule against its pipeline and against the controller's clock; changes nothing.

    Args:
        server: that it is for.
        schedule: as declared.
        pipeline: its compiled YAML; None is archmend's own.
        controller_zone: of the controller's clock, where it cannot be seen.

    Raises:
        BadInput: a pipeline that is none, wrong parameters, another time zone than the controller's.
    """
    package = load_package(pipeline)
    try:
        parameters = checked_parameters(schedule.parameters, package.inputs)
    except BadInput as error:
        raise BadInput(f"schedule {schedule.name}: {error}") from error
    zone = functools.partial(clock_zone, server, schedule, controller_zone)
    # Asking the cluster takes a while, and most schedules name no zone.
    if schedule.time_zone is not None or controller_zone:
        zone()
    return Plan(schedule, package, parameters, zone, digest_of(schedule, package, parameters))
