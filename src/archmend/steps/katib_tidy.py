"""What is left of searches whose run is over: stopped, and removed when it is old enough."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from archmend.errors import BadInput
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.names import OURS, RUN, label_value
from archmend.kubeflow.katib.states import experiment_state
from archmend.steps.katib_ends import RUN_OVER

_AGE = re.compile(r"([0-9]+)([smhd])")
_ENDS = ("Succeeded", "Failed")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Tidied:
    """Names of the Experiments that were stopped, since their run is over, and of those that were removed."""

    stopped: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def stop_left_over(client: KatibClient, run: str) -> tuple[str, ...]:
    """Stop the Experiments of a run that still search, and return their names."""
    return tuple(
        _stop(client, item, RUN_OVER)
        for item in client.experiments(f"{OURS},{RUN}={label_value(run)}")
        if experiment_state(item).kind == "running"
    )


def collect(client: KatibClient, older_than: timedelta, *, now: datetime | None = None) -> Tidied:
    """Stop the Experiments of runs that are over, and remove those that ended so long ago.

    Args:
        client: of the namespace.
        older_than: since the Experiment's end.
        now: the present; for tests.
    """
    present = now or datetime.now(UTC)
    stopped, removed = [], []
    for item in client.experiments(OURS):
        name, run = item["metadata"]["name"], item["metadata"]["labels"].get(RUN, "")
        if experiment_state(item).kind == "running":
            if _of_a_pipeline(item) and run_is_over(client, run):
                stopped.append(_stop(client, item, RUN_OVER))
            continue
        if experiment_state(item).stopped:
            # Made by a controller that had not yet seen the end; of any other Experiment they may be wanted.
            client.remove_unfinished(name)
        ended = _ended(item)
        if ended is not None and present - ended > older_than:
            client.delete(name)
            removed.append(name)
    return Tidied(tuple(stopped), tuple(removed))


def run_is_over(client: KatibClient, run: str) -> bool:
    """Whether a pipeline run has ended, was told to end, or is gone."""
    workflow = client.workflow(run)
    if workflow is None or workflow["metadata"].get("deletionTimestamp"):
        return True
    spec, status = workflow.get("spec", {}), workflow.get("status", {})
    return (
        spec.get("activeDeadlineSeconds") == 0
        or bool(spec.get("shutdown"))
        or status.get("phase") in ("Succeeded", "Failed", "Error")
    )


def parse_age(text: str) -> timedelta:
    """Return the time that a text such as 90m, 12h or 7d stands for.

    Raises:
        BadInput: it is none.
    """
    match = _AGE.fullmatch(text)
    try:
        if match is not None:
            return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    except OverflowError:
        pass  # more days than there are
    raise BadInput(f"--older-than {text!r} is no age; write a number with s, m, h or d, such as 7d")


def _of_a_pipeline(item: Mapping[str, Any]) -> bool:
    """Whether a pipeline run made it: its id is a UUID with dashes, a local run's has none."""
    return "-" in item["metadata"]["labels"].get(RUN, "")


def _stop(client: KatibClient, item: Mapping[str, Any], reason: str) -> str:
    name = str(item["metadata"]["name"])
    client.stop(name, reason)
    return name


def _ended(item: Mapping[str, Any]) -> datetime | None:
    status = item.get("status") or {}
    # Katib writes no time of completion where it gives up on an Experiment before its first trial.
    ends = (c.get("lastTransitionTime") for c in status.get("conditions") or [] if c["type"] in _ENDS)
    text = status.get("completionTime") or next(filter(None, ends), None)
    return datetime.fromisoformat(text) if text else None
