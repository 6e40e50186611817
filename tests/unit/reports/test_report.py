"""The page holds the run's figures, needs nothing from outside, and is whole for every kind of run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from archmend.errors import BadInput
from archmend.reports import RunRecord, render, write_report

Write = Callable[..., Path]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class _Page(HTMLParser):
    """Collects what the tests ask for, and checks that elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.text: list[str] = []
        self.charts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.loaded += [str(known[name]) for name in ("src", "href", "srcset") if known.get(name)]
        if known.get("class") == "chart":
            assert known["role"] == "img"
            assert known["aria-label"]
            self.charts.append(str(known["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def _specs(page: str) -> dict[str, Any]:
    found = re.search(r"^const specs = (.*);$", page, re.MULTILINE)
    assert found is not None
    return json.loads(found.group(1))


def _values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all rows that a chart draws, of all its layers."""
    layers = [spec, *spec.get("layer", [])]
    named = [row for rows in spec.get("datasets", {}).values() for row in rows]
    return named + [row for layer in layers for row in layer.get("data", {}).get("values", [])]


def test_the_page_of_a_whole_run(write_run: Write) -> None:
    folder = write_run()
    page = write_report(folder).read_text()
    read = _Page(page)
    assert not read.open
    assert read.loaded == []
    assert len(page.encode()) < 2_000_000
    assert read.words.startswith(
        "run - archmend The model does not beat the logistic regression baseline (1.0000)"
    )
    assert "The search stopped because the number of trials was reached." in read.words
    assert "archmend run --data rows.npz" in read.words
    for figure in ("1,234", "2,468", "0.0200", "remedy_1", "vanishing in dense_2", "not measured"):
        assert figure in read.words
    assert set(_specs(page)) == set(read.charts)
    assert len(read.charts) == 8
    assert "prefers-color-scheme: dark" in page


def test_charts_hold_the_journals_figures(write_run: Write) -> None:
    folder = write_run()
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    history = _values(_specs(render(RunRecord.from_directory(folder)))["chart-0"])
    drawn = {row["trial"]: row["value"] for row in history if "trial" in row}
    assert drawn == {line["trial"]: line["value"] for line in lines}
    running = [row["value"] for row in history if row.get("best")]
    assert running == sorted(running)
    assert running[-1] == max(line["value"] for line in lines if line["value"] is not None)


def test_the_best_so_far_is_of_trials_with_the_most_epochs(write_run: Write) -> None:
    folder = write_run()
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    told = [{**line, "fidelity": (1, 3, 9)[number % 3]} for number, line in enumerate(lines)]
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told))
    page = render(RunRecord.from_directory(folder))
    most = [line for line in told if line["fidelity"] == 9 and line["status"] == "succeeded"]
    best = list(accumulate((line["value"] for line in most), max))
    history, against_params = (_values(_specs(page)[f"chart-{number}"]) for number in (0, 1))
    assert [row["value"] for row in history if row.get("best")] == best
    assert {row["trial"] for row in against_params} == {line["trial"] for line in most}
    assert "best so far of those that trained for 9 epochs; fewer epochs are pale" in _Page(page).words


def test_trials_that_were_stopped_early_are_pale_and_their_curves_are_short(write_run: Write) -> None:
    folder = write_run()
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    measured = [line for line in lines if line["status"] == "succeeded"]
    early = {line["trial"] for line in measured[::2]}
    for line in measured:
        ended = line["trial"] in early
        whole = [{"epoch": n, "loss": 1 / n, "value": line["value"] if n == 1 else None} for n in (1, 2, 3)]
        line["curve"] = whole[:1] if ended else whole
        line["status"], line["epochs"] = ("stopped", 1.0) if ended else ("succeeded", 3.0)
        line["reason"] = "stopped early: why" if ended else None
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = render(RunRecord.from_directory(folder))
    history, curves = (_values(_specs(page)[f"chart-{number}"]) for number in (0, 1))
    pale = {row["trial"] for row in history if row.get("value") is not None and row.get("compared") is False}
    assert pale >= early
    drawn = Counter(row["trial"] for row in curves)
    assert drawn == {line["trial"]: 1 if line["trial"] in early else 3 for line in measured}
    assert f"{len(measured)} trials; {len(early)} ended early" in _Page(page).words


def test_a_loss_is_drawn_as_a_loss(write_run: Write) -> None:
    folder = write_run(objective="loss,params")
    lines = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    page = render(RunRecord.from_directory(folder))
    drawn = {r["trial"]: r["value"] for r in _values(_specs(page)["chart-0"]) if "trial" in r}
    assert drawn[0] == -lines[0]["value"][0]
    assert "The Pareto front (4)" in _Page(page).words


def test_names_from_outside_cannot_become_code(write_run: Write) -> None:
    evil = "</script><script>alert(1)</script>"
    page = render(RunRecord.from_directory(write_run(classes=[evil, "dog", "<b>"])))
    assert "<script>alert" not in page
    assert not _Page(page).open
    assert any(evil in str(row) for spec in _specs(page).values() for row in _values(spec))


@pytest.mark.parametrize(
    "missing",
    [
        ["evaluation.json", "history.csv", "decisions.jsonl", "run.json"],
        ["trials.jsonl", "best.json", "run.json"],
        ["best.json", "evaluation.json", "history.csv", "decisions.jsonl"],
        ["run.json", "best.json"],
    ],
)
def test_a_run_that_is_not_whole(missing: list[str], write_run: Write) -> None:
    folder = write_run()
    for name in missing:
        (folder / name).unlink()
    assert not _Page(render(RunRecord.from_directory(folder))).open


def test_many_trials_and_no_decisions(write_run: Write) -> None:
    page = render(RunRecord.from_directory(write_run(trials=600, decisions=0)))
    assert len(page.encode()) < 2_000_000
    assert "No fault was seen, so nothing was repaired." in _Page(page).words


def test_many_classes(write_run: Write) -> None:
    page = render(RunRecord.from_directory(write_run(classes=[f"class {i}" for i in range(15)])))
    assert len(_specs(page)) == 8


def test_a_journal_that_was_cut(write_run: Write) -> None:
    folder = write_run()
    with (folder / "trials.jsonl").open("a") as file:
        file.write('{"trial": 20, "archi')
    assert len(RunRecord.from_directory(folder).trials) == 20


@pytest.mark.parametrize("name", ["trials.jsonl", "evaluation.json", "run.json", "history.csv"])
def test_a_damaged_file_is_named(name: str, write_run: Write) -> None:
    folder = write_run()
    (folder / name).write_text('{"a": \n' if name != "history.csv" else "epoch,loss\n1,x\n")
    with pytest.raises(BadInput, match=f"{name}' is damaged"):
        RunRecord.from_directory(folder)


def test_folders_that_hold_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no run"):
        RunRecord.from_directory(tmp_path)
    with pytest.raises(BadInput, match="is no folder"):
        RunRecord.from_directory(tmp_path / "none")


@pytest.mark.parametrize(
    ("best", "said"),
    [
        ("averaged", "the average of the later epochs' weights did best"),
        ("untouched", "the untouched one did best"),
    ],
)
def test_the_page_says_which_candidate_the_model_is(best: str, said: str, write_run: Write) -> None:
    folder = write_run()
    (folder / "repair.json").write_text(json.dumps({"best": best, "kept": 0, "metrics": {"accuracy": 0.875}}))
    words = _Page(render(RunRecord.from_directory(folder))).words
    assert f"Of all candidates, {said}: validation accuracy 0.8750." in words
