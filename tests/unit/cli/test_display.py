"""Progress as plain lines where there is no terminal, and nothing if quiet."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from archmend.cli.display import Display
from archmend.search import SearchProgress, TrialResult
from archmend.spaces import create_space
from archmend.steps.repair import RepairProgress

SPACE = create_space("seed-fc", input_shape=(4,), classes=2)
BEST = TrialResult(3, SPACE.parse("2-5"), 0.75)
FAILED = TrialResult(4, SPACE.parse("2-6"), None, "failed", reason="out of memory")


def _show(display: Display) -> None:
    with display:
        display.step("search")
        display.search(SearchProgress(0, 1, 30, None, None, 60.0))
        display.search(SearchProgress(5, 1, 30, BEST, FAILED, 41.6))
        display.step("repair")
        display.repair(RepairProgress(2, 10, 0.9, 1, None))


def test_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    _show(Display(quiet=False))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "search ...",
        "trial 4 failed out of memory; best accuracy 0.7500 (trial 3); 5 of 30, 42 s left",
        "repair ...",
        "epoch 2 of 10  validation accuracy 0.9000  1 remedies tried",
    ]


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    _show(Display(quiet=True))
    assert capsys.readouterr() == ("", "")


def test_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    _show(Display(quiet=False))
    said: Any = capsys.readouterr().err
    assert "trial 5 of 30  best accuracy 0.7500 (trial 3)" in said
    assert "s left" in said
    assert "epoch 2 of 10" in said


def test_objectives_are_shown_as_they_were_measured(capsys: pytest.CaptureFixture[str]) -> None:
    found = TrialResult(7, SPACE.parse("2-7"), (-0.3102, -26122.0))
    with Display(quiet=False, objective="loss,params") as display:
        display.search(SearchProgress(8, 0, None, found, found, None))
    shown = "loss 0.3102, params 26,122"
    assert capsys.readouterr().err == f"trial 7 succeeded {shown}; best {shown} (trial 7); 8\n"
