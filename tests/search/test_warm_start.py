"""A search that begins with an earlier one's trials goes on with them, though that one is gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archmend.errors import BadInput
from archmend.spaces import create_space
from archmend.steps.records import TrialRecord
from archmend.steps.search import SearchRequest, search

BEST = "9-7"


def _earlier(folder: Path) -> str:
    space = create_space("seed-fc", input_shape=(4,), classes=3)
    codes = [BEST, str(space.example())]
    folder.mkdir()
    lines = [
        TrialRecord(
            trial=number,
            architecture=code,
            status="succeeded",
            objective="accuracy",
            value=0.9 - number / 2,
            metrics={"accuracy": 0.9 - number / 2},
        ).model_dump_json()
        for number, code in enumerate(codes)
    ]
    (folder / "trials.jsonl").write_text("\n".join(lines) + "\n")
    return str(folder)


def test_a_warm_started_search_goes_on(request_of: Callable[..., SearchRequest], tmp_path: Path) -> None:
    run = _earlier(tmp_path / "earlier")
    first = search(request_of(strategy="local_search", warm_start=(run,), max_trials=1))
    assert first.trials[0].architecture == BEST
    state = json.loads((tmp_path / "out" / "search.json").read_text())
    assert state["request"]["warm_start"] == [run]
    assert state["warm_start"] == [{"run": run, "trials": 2, "left_out": 0}]
    for other in ((), (run, run)):
        with pytest.raises(BadInput, match=r"but --warm-start is .* and was .*earlier; give the same flags"):
            search(request_of(strategy="local_search", warm_start=other, resume=True))
    shutil.rmtree(run)
    again = search(request_of(strategy="local_search", warm_start=(run,), max_trials=2, resume=True))
    assert [trial.trial for trial in again.trials] == [0, 1]
    assert json.loads((tmp_path / "out" / "search.json").read_text())["warm_start"] == state["warm_start"]
