"""Runs commands, and says of a failure which stage it was and what the pods say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "kubeflow"
_LINES = 10


class Failed(Exception):
    """A stage cannot go on; the text says why, in the words of what failed."""


def need(program: str, why: str) -> None:
    """Fail unless the program is on the PATH."""
    if shutil.which(program) is None:
        raise Failed(f"{program} is not on the PATH: {why}")


def run(*command: str, given: str | None = None, quiet: bool = True) -> str:
    """Run a command and return what it printed.

    Args:
        command: program and arguments.
        given: its standard input; for what must not stand in a process list.
        quiet: keep its output; otherwise it goes to the terminal and nothing is returned.
    """
    done = subprocess.run(
        command, input=given, text=True, cwd=ROOT, check=False, capture_output=quiet, encoding="utf-8"
    )
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout or "").strip().splitlines()[:_LINES])
        raise Failed(f"{' '.join(command[:6])} ended with {done.returncode}{': ' + said if said else ''}")
    return done.stdout or ""


def kubectl(*arguments: str, given: str | None = None) -> str:
    """Run kubectl on the current context."""
    return run("kubectl", *arguments, given=given)


def found(*arguments: str) -> Any:
    """Return objects as kubectl gets them, None where there is no such one."""
    text = kubectl("get", *arguments, "--ignore-not-found", "-o", "json")
    return json.loads(text) if text.strip() else None


def wait_for(what: str | Callable[[], str], done: Callable[[], bool], seconds: float) -> None:
    """Ask every two seconds until `done`.

    Args:
        what: is wrong where the time is over; a function is asked at that moment.
        done: whether it is no longer so.
        seconds: how long to wait.
    """
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise Failed(f"{what if isinstance(what, str) else what()} after {seconds:.0f} s")
        time.sleep(2)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Announce a stage, and end the program with its name where it fails."""
    print(f"== {name}", flush=True)
    started, moment = time.monotonic(), datetime.now(UTC)
    try:
        yield
    except Failed as error:
        print(f"stage {name} failed: {error}", file=sys.stderr)
        for line in troubles(moment):
            print(line, file=sys.stderr)
        sys.exit(1)
    print(f"   {time.monotonic() - started:.0f} s", flush=True)


def troubles(since: datetime) -> Sequence[str]:
    """Return the pods that are not well, each with its last events; what failed earlier is left out."""
    try:
        pods = found("pods", "-n", NAMESPACE)["items"]
    except (Failed, TypeError):
        return []
    lines = []
    for pod in filter(unwell, pods):
        made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
        if made < since and pod["status"].get("phase") == "Failed":
            continue
        name = pod["metadata"]["name"]
        lines.append(f"pod {name}: {pod['status'].get('phase')}")
        chosen = ("-n", NAMESPACE, "--field-selector", f"involvedObject.name={name}")
        for event in found("events", *chosen)["items"][-5:]:
            lines.append(f"  {event.get('reason')}: {event.get('message')}")
    return lines


def unwell(pod: dict[str, Any]) -> bool:
    """Whether a pod neither ended well nor has all its containers ready."""
    status = pod["status"]
    if status.get("phase") == "Succeeded":
        return False
    containers = status.get("containerStatuses", [])
    return not containers or not all(each["ready"] for each in containers)
