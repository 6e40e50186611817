"""What the page shows of a search with several objectives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archmend.reports import pareto_charts
from archmend.reports.page import render
from archmend.reports.record import RunRecord
from archmend.search import Hypervolume, TrialResult, pareto_front
from archmend.spaces import Architecture

Write = Callable[..., Path]


def _results(record: RunRecord) -> list[TrialResult]:
    return [
        TrialResult(t.trial, Architecture({"a": t.trial}), t.value) for t in pareto_charts.measured(record)
    ]


def test_the_front_and_its_hypervolume_are_the_journals(write_run: Write) -> None:
    record = RunRecord.from_directory(write_run(objective="accuracy,params"))
    ((title, spec),) = pareto_charts.front_charts(record)
    assert title == "accuracy against parameters"
    front = {r.id for r in pareto_front(_results(record))}
    rows = max((layer["data"]["values"] for layer in spec["layer"]), key=len)
    assert {row["trial"] for row in rows if row["front"] == "on the front"} == front
    assert all(row["x"] > 0 for row in rows)  # parameters as they are, not turned
    history = pareto_charts.hypervolume_history(record)
    assert history is not None
    shares = [row["share"] for row in history["data"]["values"]]
    whole = Hypervolume.of(_results(record))
    assert whole is not None
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(whole.share)
    assert f"{whole.share:.1%}" in render(record)


def test_three_objectives_are_seen_from_three_sides(write_run: Write) -> None:
    record = RunRecord.from_directory(write_run(objective="accuracy,params,loss"))
    assert [title for title, _ in pareto_charts.front_charts(record)] == [
        "accuracy against parameters",
        "accuracy against loss",
        "parameters against loss",
    ]
    render(record)


def test_one_objective_has_no_front(write_run: Write) -> None:
    record = RunRecord.from_directory(write_run())
    assert pareto_charts.front_charts(record) == []
    assert pareto_charts.hypervolume_history(record) is None
    assert "Hypervolume" not in render(record)


def test_what_a_limit_of_latency_stood_on_is_said(write_run: Write) -> None:
    folder = write_run()
    assert "Latency was predicted" not in render(RunRecord.from_directory(folder))
    model = {"error_median": 0.081, "error_p95": 0.2, "least_ratio": 0.6, "networks": 40, "machine": "a CPU"}
    latency = {"model": model, "trials": 7, "trials_error_median": 0.1, "trials_error_p95": 0.3}
    (folder / "search.json").write_text(json.dumps({"latency": latency}))
    page = render(RunRecord.from_directory(folder))
    assert "from 40 networks that were measured on a CPU" in page
    assert "its error is 8% in the median and 20% at the 95th percentile" in page
    assert "On the 7 networks that this search measured the error is 10% in the median" in page
