"""Figures from rows that were made up, so that each is known beforehand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from benchmarks.repair import diagnoses, figures
from benchmarks.repair.bars import bars
from benchmarks.repair.case import Case
from benchmarks.repair.figures import Rows
from benchmarks.repair.report import figures_of
from benchmarks.repair.row import Row, read_all, write

DENSE = {"type": "Dense", "units": 5, "activation": "sigmoid"}
OUTPUT = {"type": "Dense", "units": 1, "activation": "sigmoid"}
R = 0.841


def case(name: str, label: str = "buggy", symptom: str = "GV", data: str = "circle") -> Case:
    return Case(
        name, data, label, (DENSE, DENSE, OUTPUT), (2,), {}, "binary_crossentropy", 32, 100, symptom=symptom
    )


def row(name: str, method: str, accuracy: float | None, seed: int = 0, **more: Any) -> Row:
    return Row(name, "circle", "buggy", "GV", seed, method, 100, accuracy=accuracy, **more)


def rows(cases: list[Case], *made: Row) -> Rows:
    return Rows(cases, made, lambda case: R)


def test_a_run_is_repaired_when_it_wins_back_three_fifths() -> None:
    cases = [case("a"), case("b"), case("c")]
    plain = [row("a", "plain", 0.5), row("b", "plain", 0.5), row("c", "plain", 0.82)]
    ours = [row("a", "x", 0.841), row("b", "x", 0.6), row("c", "x", 0.5)]
    found = figures.repaired(rows(cases, *plain, *ours).pairs("x"))
    assert found["faulty"] == 2
    assert found["repaired_share"] == 0.5
    assert found["recovered_share"] == pytest.approx((1 + 0.1 / 0.341) / 2)


def test_a_failure_leaves_the_plain_network() -> None:
    (pair,) = rows([case("a")], row("a", "plain", 0.5), row("a", "x", None, error="no")).pairs("x")
    assert pair.accuracy == 0.5
    assert pair.recovered == 0


def test_a_run_that_never_arrives_takes_for_ever() -> None:
    cases = [case(name) for name in "abc"]
    plain = [row(name, "plain", 0.5) for name in "abc"]
    ours = [row(n, "x", 0.84, epochs_to=e) for n, e in zip("abc", (10, 30, None), strict=True)]
    healthy = [row(n, "healthy", 0.84, epochs_to=20) for n in "abc"]
    held = rows(cases, *plain, *ours, *healthy)
    found = figures.epochs_to(held.pairs("x"), held.of("healthy"))
    assert (found["pooled"], found["circle_healthy"], found["circle_ratio"]) == (30, 20, 1.5)
    assert figures.epochs_to(held.pairs("x")[2:], [])["pooled"] == math.inf


def test_harm_is_a_loss_that_reseeding_does_not_explain() -> None:
    cases = [case("steady", "normal"), case("wild", "normal")]
    plain = [row("steady", "plain", 0.84, seed) for seed in range(3)]
    plain += [row("wild", "plain", value, seed) for seed, value in enumerate((0.84, 0.6, 0.84))]
    ours = [row("steady", "x", value, seed) for seed, value in enumerate((0.84, 0.79, 0.84))]
    ours += [row("wild", "x", value, seed) for seed, value in enumerate((0.75, 0.6, 0.84))]
    held = rows(cases, *plain, *ours)
    found = figures.harm(held.pairs("x"), held.of("plain"))
    assert found["harmed_seeds"] == 1
    # More seeds of plain training show how far a seed alone can fall.
    more = rows(
        cases, *plain, *ours, *(row("steady", "plain", value, seed) for seed, value in ((7, 0.84), (8, 0.7)))
    )
    assert figures.harm(more.pairs("x"), more.of("plain"))["harmed_seeds"] == 0
    assert found["worst_difference"] == pytest.approx(-0.09)
    assert found["untouched_share"] == 1


def test_a_fault_is_named_in_the_first_epoch_by_symptom_and_layer() -> None:
    def seen(symptom: str, layer: str | None, epoch: int) -> list[dict[str, Any]]:
        return [{"symptom": symptom, "layer": layer, "epoch": epoch, "batch": 3}]

    cases = [case(name) for name in "abcd"]
    plain = [row(name, "plain", 0.5) for name in "abcd"]
    ours = [
        row("a", "x", 0.8, decisions=seen("vanishing", "dense_2", 0)),
        row("b", "x", 0.8, decisions=seen("vanishing", "dense_3", 0)),
        row("c", "x", 0.8, decisions=seen("vanishing", "dense_1", 1)),
        row("d", "x", 0.8, decisions=seen("overfitting", None, 0)),
    ]
    found = figures.named(rows(cases, *plain, *ours).pairs("x"))
    assert found == {"runs": 4, "named_share": 0.5, "layer_share": 0.5}


def test_a_method_is_compared_with_random_over_cases_and_all_bars_are_read() -> None:
    names = [f"case{number}" for number in range(12)]
    cases = [case(name) for name in names]
    made = [row(name, "plain", 0.5, epochs=100) for name in names]
    made += [row(name, "archmend:random", 0.7, epochs=150) for name in names]
    made += [
        row(name, "archmend:rules", 0.8 + number / 1000, epochs=105) for number, name in enumerate(names)
    ]
    found = figures_of(rows(cases, *made), "archmend:rules")
    assert found["against_random"]["p"] < 0.01
    passed = {bar.name: bar.passed for bar in bars(found)}
    assert passed["p against random"] is True
    assert passed["epochs over plain training's, median"] is True
    assert passed["harm: left untouched"] is None


def test_a_row_comes_back_from_its_file(tmp_path: Path) -> None:
    made = row("a", "archmend:rules", 0.8, decisions=[{"symptom": "dying"}], kept=["residual"])
    write(tmp_path, made)
    write(tmp_path, made)
    assert read_all(tmp_path) == [made]


def test_a_diagnosis_is_judged_by_what_it_is_sure_of() -> None:
    def found(symptom: str, layer: str, sure: bool) -> dict[str, Any]:
        return {"symptom": symptom, "layer": layer, "sure": sure, "confidence": 0.9, "batch": 0}

    cases = {name: case(name) for name in "abc"} | {"well": case("well", "normal")}
    seen = [
        row("a", "diagnose", None, findings=[found("vanishing", "dense_1", True)]),
        row("b", "diagnose", None, findings=[found("vanishing", "dense_1", False)]),
        row("c", "diagnose", None, findings=[found("entropy_collapse", "dense_3", True)]),
        row("well", "diagnose", None, findings=[found("plateau", "dense_1", False)]),
    ]
    judged = diagnoses.judged(cases, seen)
    assert diagnoses.figures(judged) == {
        "structural": 3,
        "named_share": pytest.approx(2 / 3),
        "layer_share": 0.5,
        "healthy": 1,
        "alarm_share": 0.0,
    }
    assert diagnoses.by_fault(judged)["GV"] == (3, 2, 1, "nothing 1")
