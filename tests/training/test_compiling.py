"""Workers of a search that has little memory compile one after another."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from archmend.training.compiling import turn_within

WORKER = """
import sys, time
from archmend.training.compiling import turn_within
with turn_within(int(sys.argv[2]), int(sys.argv[1]))():
    print("in", time.monotonic(), flush=True)
    time.sleep(float(sys.argv[3]))
    print("out", time.monotonic(), flush=True)
"""


def _started(file: int, memory: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(file), str(memory), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[file])


def _times(worker: subprocess.Popen[str]) -> tuple[float, float]:
    came, went = (float(line.split()[1]) for line in worker.communicate()[0].splitlines())
    return came, went


@pytest.mark.parametrize(("memory", "apart"), [(1 << 20, True), (1 << 30, False)])
def test_who_has_no_room_waits(memory: int, apart: bool) -> None:
    with tempfile.TemporaryFile() as file:
        first = _started(file.fileno(), memory, 4)
        assert first.stdout is not None
        came = float(first.stdout.readline().split()[1])
        second = _started(file.fileno(), memory, 0)
        entered, _ = _times(second)
        went = float(first.communicate()[0].split()[1])
    assert came < went
    assert (entered >= went) == apart


def test_a_worker_that_is_killed_lets_others_go_on() -> None:
    with tempfile.TemporaryFile() as file:
        first = _started(file.fileno(), 1, 600)
        assert first.stdout is not None
        first.stdout.readline()
        second = _started(file.fileno(), 1, 0)
        first.kill()
        first.communicate()
        assert len(_times(second)) == 2
        assert second.returncode == os.EX_OK


def test_a_pod_alone_waits_for_nobody() -> None:
    with turn_within(None, -1)():
        pass
