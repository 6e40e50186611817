"""What the report says of inherited weights."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_without_values_from_scratch_the_order_is_open(tmp_path: Path) -> None:
    note = inheritance_note(_record(tmp_path, [(f"1-{n + 1}", 0.5, n - 1 if n else None) for n in range(9)]))
    assert note is not None
    assert note.startswith("8 of 9 trials started from another one's weights, with 13.5 epochs behind them")
    assert note.endswith("--confirm trains the best from scratch and says how far their order holds.")


def test_what_confirmed_the_best_tells_the_order(tmp_path: Path) -> None:
    trials = [("1-1", 0.5, None), ("1-2", 0.6, 0), ("1-3", 0.7, 1), ("1-4", 0.8, 2)]
    candidates = [
        {
            "trial": trial,
            "architecture": trials[trial][0],
            "first_look": trials[trial][1],
            "repeats": [value],
            "failed": 0,
            "mean": value,
            "overestimated": 0.0,
            "estimate": value,
            "error": 0.01,
        }
        for trial, value in ((3, 0.6), (2, 0.52), (1, 0.55))
    ]
    confirm = {
        "objective": "accuracy",
        "direction": "maximize",
        "repeats": 1,
        "candidates": candidates,
        "winner": 3,
        "first_look": 3,
    }
    (tmp_path / "confirm.json").write_text(json.dumps(confirm))
    note = inheritance_note(_record(tmp_path, trials))
    assert note is not None
    assert note.endswith(
        "From scratch, the 3 that were trained again are 0.1800 worse in the median, and their order agrees "
        "with a rank correlation of 0.50."
    )
