"""A search that is killed again and again is the search that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archmend.steps.journal import read_journal

TRIALS = 12


def _command(out: Path) -> list[str]:
    flags = ["--data", "digits", "--space", "fc", "--strategy", "random", "--max-trials", str(TRIALS)]
    flags += ["--epochs", "3", "--workers", "1", "--population", "4"]
    flags += ["--quiet", "--resume", "--out", str(out)]
    return [sys.executable, "-m", "archmend", "search", *flags]


def _trials(out: Path) -> list[dict[str, Any]]:
    records = sorted(read_journal(out / "trials.jsonl"), key=lambda record: record.trial)
    return [record.model_dump(exclude={"seconds", "latency_ms"}) for record in records]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    out = tmp_path_factory.mktemp("whole") / "out"
    subprocess.run(_command(out), check=True)
    return _trials(out)


def test_killed_at_random_moments(whole: list[dict[str, Any]], tmp_path: Path) -> None:
    out, rng = tmp_path / "out", np.random.default_rng(int(os.environ.get("ARCHMEND_KILL_SEED", "0")))
    kills = int(os.environ.get("ARCHMEND_KILLS", "3"))
    for _ in range(kills):
        running = subprocess.Popen(_command(out))
        try:
            running.wait(timeout=float(rng.uniform(0.5, 10.0)))
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
    subprocess.run(_command(out), check=True)
    assert _trials(out) == whole


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_run_that_goes_on(
    number: signal.Signals, code: int, whole: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = subprocess.Popen(_command(out), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 600  # nobody waits for a process that hangs
    while not (out / "trials.jsonl").is_file() or not read_journal(out / "trials.jsonl"):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    assert running.returncode == code
    assert said.count("\n") == 1
    assert "--resume goes on with it" in said
    subprocess.run(_command(out), check=True)
    assert _trials(out) == whole
