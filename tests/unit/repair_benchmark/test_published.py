"""The published cases, where their folder is at hand: which are scored, and that they build."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.repair import cases
from benchmarks.repair.data import parts
from benchmarks.repair.network import build
from benchmarks.repair.plan import Wanted, selected, tasks
from benchmarks.repair.published_data import blob, circle
from benchmarks.repair.truth import structural


@pytest.fixture
def folder(shared: Path) -> Path:
    found = shared / "benchmarks" / "repair"
    if (reason := cases.missing(found)) is not None:
        pytest.skip(reason)
    return found


def test_an_absent_folder_is_named_with_the_way_out(tmp_path: Path) -> None:
    said = cases.missing(tmp_path)
    assert said is not None
    assert "cases_arch.json" in said
    assert "--generated" in said


def test_the_cases_that_are_scored_are_counted(folder: Path) -> None:
    found = cases.published(folder)
    assert len(cases.buggy(found)) == 75
    assert len(cases.normal(found)) == 16
    assert len({case.id for case in found}) == len(found)


def test_a_case_builds_takes_its_rows_and_knows_its_faulty_layers(folder: Path) -> None:
    by_id = {case.id: case for case in cases.published(folder)}
    case = by_id["at_case16_gv_circle"]
    rows = parts(case, folder)
    model = build(case, 0)
    assert model(rows.train[0][:3]).shape == (3, 1)
    fault = structural(case)
    assert fault is not None
    assert "vanishing" in fault.symptoms
    assert fault.layers == tuple(f"dense_{n}" for n in range(1, 8))
    with_old_arguments = by_id["dfc_mnist_1ed98a53_opt_Adagrad"]
    assert build(with_old_arguments, 0).optimizer.name == "adagrad"


def test_the_quick_form_is_every_third_case_with_seed_zero(folder: Path) -> None:
    wanted = Wanted(("plain", "keras"), Path("out"), folder, quick=True)
    chosen = selected(wanted)
    assert len(chosen) == 25 + 6
    assert {task.seed for task in tasks(wanted, chosen)} == {0}


def test_the_drawn_data_is_the_same_everywhere() -> None:
    (x, y), (held_x, _), (fresh_x, fresh_y) = circle()
    assert (len(x), len(held_x), len(fresh_x)) == (700, 300, 10_000)
    # A radius between the two circles tells them apart as well as anything can: 0.841.
    assert np.mean((np.hypot(*fresh_x.T) < 0.9) == fresh_y) == pytest.approx(0.841, abs=0.004)
    (x, y), _, (fresh_x, fresh_y) = blob()
    centers = np.stack([x[y == label].mean(axis=0) for label in range(3)])
    nearest = ((fresh_x[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    assert np.mean(nearest == fresh_y) == pytest.approx(0.823, abs=0.006)
