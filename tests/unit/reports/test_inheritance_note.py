"""What the report says of inherited weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archmend.reports.inheritance import inheritance_note
from archmend.reports.record import RunRecord


def _record(folder: Path, trials: list[tuple[str, float, int | None]]) -> RunRecord:
    lines = [
        {
            "trial": n,
            "architecture": code,
            "status": "succeeded",
            "objective": "accuracy",
            "value": value,
            "epochs": 3.0,
            "parent": parent,
        }
        for n, (code, value, parent) in enumerate(trials)
    ]
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return RunRecord.from_directory(folder)


def test_without_inheritance_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert inheritance_note(_record(tmp_path, [("1-1", 0.5, None), ("1-2", 0.6, None)])) is None


def test_a_trial_that_goes_on_with_its_own_architecture_inherits_nothing(tmp_path: Path) -> None:
    assert inheritance_note(_record(tmp_path, [("1-1", 0.5, None), ("1-1", 0.6, 0)])) is None


@pytest.mark.parametrize(("rise", "said"), [(0.01, "may be better than"), (-0.01, "nothing shows that")])
def test_the_number_and_what_it_means(tmp_path: Path, rise: float, said: str) -> None:
    trials = [(f"1-{n + 1}", 0.5 + rise * n, n - 1 if n else None) for n in range(9)]
    note = inheritance_note(_record(tmp_path, trials))
    assert note is not None
    assert note.startswith("8 of 9 trials started from another one's weights, with 13.5 epochs behind them")
    assert said in note
