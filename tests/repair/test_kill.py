"""A repair that is killed is followed by another process to the same end."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.repair.conftest import LAST, Asked

from archmend.errors import BadInput
from archmend.steps.repair import RepairRequest, repair
from archmend.steps.repair_checkpoint import FILE

PROGRAM = """
import os, signal, sys
from archmend.steps.repair import RepairRequest, repair
request = RepairRequest.model_validate_json(sys.argv[1])
repair(request, lambda p: os.kill(os.getpid(), signal.SIGKILL) if p.epoch == int(sys.argv[2]) else None)
"""


def _run(request: RepairRequest, kill_after: int = 0) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", PROGRAM, request.model_dump_json(), str(kill_after)]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def _result(out: Path) -> Any:
    """What must not depend on a kill: all files but for wall time."""
    from archmend.networks import load_model

    weights = [w.tobytes() for w in load_model(out / "model.keras")[0].get_weights()]
    with (out / "history.csv").open() as file:
        history = [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]
    decisions = [
        {**json.loads(line), "seconds": 0} for line in (out / "decisions.jsonl").read_text().splitlines()
    ]
    return weights, history, decisions


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_killed_and_followed_by_another_process(asked: Asked, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    place.mkdir()
    whole = _run(asked(tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    killed = _run(asked(tmp_path / "first", place), kill_after=LAST)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [path.name for path in place.iterdir()] == [FILE]
    second = asked(tmp_path / "second", place)  # another pod has a disk of its own
    second.out.mkdir()
    (second.out / "repair.json").write_text("{}")  # a kill right before model.keras leaves it
    followed = _run(second)
    assert followed.returncode == 0, followed.stderr
    assert f"goes on after epoch {LAST - 1} from {place}/{FILE}" in followed.stderr
    expected = _result(tmp_path / "whole")
    assert expected[2], "a decision was carried over"
    assert _result(second.out) == expected
    assert list(place.iterdir()) == []
    with pytest.raises(BadInput, match=r"model\.keras"):
        repair(second)
