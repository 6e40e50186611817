"""Follows a run to its end."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from archmend.errors import Unavailable
from archmend.kubeflow.local import PipelineFailed
from archmend.kubeflow.runs.failures import AbsentError
from archmend.kubeflow.runs.server import Server

ENDED = frozenset({"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"})
_PATIENCE = 300.0
"""Seconds without an answer after which following is given up; the run goes on."""
_LINES = 5
_KLOG = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d")
"""How Kubeflow's launcher begins its own lines, among those of the step."""


@dataclass(frozen=True)
class Step:
    """A step of a run that has changed.

    Attributes:
        name: of the task. state: running, succeeded, failed, skipped... seconds: it took; None while it runs.
    """

    name: str
    state: str
    seconds: float | None


def follow(
    server: Server,
    run_id: str,
    steps: Collection[str],
    *,
    on_step: Callable[[Step], None] = lambda step: None,
    seconds: float | None = None,
    pause: float = 3.0,
) -> None:
    """Wait until a run has succeeded.

    Args:
        server: that runs it.
        run_id: of the run.
        steps: names of its tasks; the server lists drivers and executors beside them.
        on_step: is told of every change.
        seconds: after which to give up; the run goes on.
        pause: seconds between two looks.

    Raises:
        PipelineFailed: it ended otherwise; with the last lines of the step that failed.
        Unavailable: it is not at its end in time, or the server is away for minutes.
    """
    end = math.inf if seconds is None else time.monotonic() + seconds
    told: dict[str, str] = {}
    while True:
        run = _look(server, run_id, end)
        details = (run.run_details.task_details if run.run_details else None) or []
        tasks = [task for task in details if _name(task) in steps]
        for task in sorted(tasks, key=_begin):
            state = str(task.state)
            if state not in ("PENDING", "None") and told.get(task.task_id) != state:
                told[task.task_id] = state
                on_step(Step(_name(task), state.lower(), _took(task) if state in ENDED else None))
        if run.state in ENDED:
            if run.state != "SUCCEEDED":
                raise PipelineFailed(_failure(server, run, tasks))
            return
        left = end - time.monotonic()
        if left <= 0:
            state = str(run.state or "pending").lower()
            raise Unavailable(
                f"run {run.display_name} is still {state} after {seconds:g} s and goes on: "
                f"{server.links.run(run_id)}"
            )
        time.sleep(min(pause, left))


def _look(server: Server, run_id: str, end: float) -> Any:
    patience = max(0.0, min(_PATIENCE, end - time.monotonic()))
    try:
        return server.ask(f"look at run {run_id}", server.runs.run_service_get_run, run_id, patience=patience)
    except AbsentError as error:
        raise PipelineFailed(
            f"run {run_id} is not at {server.where} any more; somebody has deleted it"
        ) from error
    except Unavailable as error:
        raise Unavailable(f"{error}; the run goes on: {server.links.run(run_id)}") from error


def _failure(server: Server, run: Any, tasks: list[Any]) -> str:
    how = {"CANCELED": "was cancelled", "SKIPPED": "was skipped"}.get(run.state, "failed")
    words = f"run {run.display_name} {how}"
    if run.error is not None and run.error.message:
        words += f": {run.error.message}"
    # An outer pipeline fails with its step; the one that began last is the step.
    failed = [task for task in tasks if task.state == "FAILED"]
    if run.state == "FAILED" and failed:
        last = max(failed, key=_begin)
        words += f" in step {_name(last)}"
        if lines := _last_words(server, str(run.run_id), last):
            words += f": {lines}"
    return f"{words}; see {server.links.run(run.run_id)}"


def _last_words(server: Server, run_id: str, task: Any) -> str:
    """Return what the step itself printed last, of its last pod that printed anything."""
    for child in reversed(task.child_tasks or []):
        log = server.log(run_id, str(child.pod_name))
        own = [line.strip() for line in log.splitlines() if line.strip() and not _KLOG.match(line)]
        if own:
            return " / ".join(own[-_LINES:])
    return ""


def _name(task: Any) -> str:
    # A retried task is listed once a try, with the number in brackets.
    return str(task.display_name).partition("(")[0]


def _begin(task: Any) -> float:
    return task.start_time.timestamp() if task.start_time else 0.0


def _took(task: Any) -> float | None:
    if task.start_time is None or task.end_time is None or task.end_time < task.start_time:
        return None
    return float((task.end_time - task.start_time).total_seconds())
