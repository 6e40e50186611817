"""What the report says of the search itself, from the file that the search step writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from archmend.reports import render
from archmend.reports.explaining import explanation_note, importance_chart
from archmend.reports.record import RunRecord
from archmend.search import Budget, SearchResult, TrialResult, best_of
from archmend.spaces import Choice, Space
from archmend.steps.explanation import write_explanation

SPACE = Space([Choice("units", [8, 16, 32, 64]), Choice("kind", ["a", "b", "c"]), Choice("rate", [0.1, 0.2])])


def _result() -> SearchResult:
    trials = tuple(TrialResult(i, a, -float(a["kind"] == "b")) for i, a in enumerate(SPACE))
    return SearchResult(best_of(trials), trials, (), (), "exhausted")


def test_the_page_says_what_matters(write_run: Callable[..., Path]) -> None:
    folder = write_run()
    written = write_explanation(folder, SPACE, Budget(), "loss", _result())
    assert written is not None
    assert written.direction == "minimize"
    assert written.importance["kind"] > 0.9
    record = RunRecord.from_directory(folder)
    note = explanation_note(record)
    assert note is not None
    assert "20 more trials would improve loss by 0 (0 to 0 in eight cases of ten)" in note
    assert note in render(record)
    chart = importance_chart(record)
    assert chart is not None
    assert "kind" in json.dumps(chart)


def test_a_model_that_predicts_nothing_is_not_believed(write_run: Callable[..., Path]) -> None:
    folder = write_run()
    write_explanation(folder, SPACE, Budget(), "loss", _result())
    path = folder / "explanation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "fit": 0.1}))
    record = RunRecord.from_directory(folder)
    assert "nothing is said" in (explanation_note(record) or "")
    assert importance_chart(record) is None


def test_few_trials_leave_no_file(write_run: Callable[..., Path]) -> None:
    folder = write_run()
    few = SearchResult(None, _result().trials[:5], (), (), "trials")
    assert write_explanation(folder, SPACE, Budget(), "accuracy", few) is None
    assert not (folder / "explanation.json").exists()
    assert explanation_note(RunRecord.from_directory(folder)) is None
