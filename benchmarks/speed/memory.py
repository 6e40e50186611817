"""Memory of a process and of all that it started, each shared page counted once."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

EVERY = 0.2
"""Seconds between two looks."""


def run_watched(command: list[str], out: Path = Path(os.devnull)) -> tuple[float, int]:
    """Run a command and return its seconds and the largest proportional set size of its processes in bytes.

    What it prints goes to `out`. Linux alone says that size: a page that several processes have mapped counts
    by a share in each.

    Raises:
        SystemExit: it failed.
    """
    begun, most = time.monotonic(), 0
    with out.open("w") as said, subprocess.Popen(command, stdout=said) as process:
        while process.poll() is None:
            most = max(most, sum(_proportional(number) for number in _with_descendants(process.pid)))
            time.sleep(EVERY)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with exit status {process.returncode}")
    return time.monotonic() - begun, most


def _with_descendants(number: int) -> list[int]:
    found, new = [], [number]
    while new:
        found += new
        new = [child for parent in new for child in _children(parent)]
    return found


def _children(number: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{number}/task").glob("*/children"):
        try:
            found += [int(child) for child in path.read_text().split()]
        except OSError:
            continue  # the thread is over
    return found


def _proportional(number: int) -> int:
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # the process is over
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
