"""Whole searches in worker processes on spaces of users, and on the spaces for tables, series and cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from archmend.errors import NothingSucceeded
from archmend.search import objective_value
from archmend.steps.search import SearchOutcome, SearchRequest, search

ROWS = 90
RNG = np.random.default_rng(0)
Y = np.arange(ROWS) % 3


def _array(folder: Path, *shape: int) -> str:
    x = RNG.normal(size=(ROWS, *shape)) + Y.reshape(-1, *[1] * len(shape))
    np.savez(folder / "data.npz", x=x.astype(np.float32), y=Y)
    return str(folder / "data.npz")


def _table(folder: Path) -> str:
    lines = [f"{RNG.normal() + y:.3f},{'abc'[y]},{RNG.integers(9)},{y}" for y in Y]
    (folder / "data.csv").write_text("size,kind,age,label\n" + "\n".join(lines) + "\n")
    return str(folder / "data.csv")


def _search(folder: Path, data: str, space: str, **other: object) -> SearchOutcome:
    known = {"max_trials": 1, "epochs": 1, "workers": 1, **other}
    return search(SearchRequest(data=data, out=folder / "out", space=space, **known))  # type: ignore[arg-type]


def _check(outcome: SearchOutcome) -> None:
    assert [trial.status for trial in outcome.trials] == ["succeeded"]
    for trial in outcome.trials:
        assert trial.value == objective_value(("accuracy",), trial.metrics)
        assert trial.params


def test_a_table(tmp_path: Path) -> None:
    outcome = _search(tmp_path, _table(tmp_path), "tabular", target="label")
    _check(outcome)


@pytest.mark.parametrize("shape", [(12,), (12, 2)])
def test_series(tmp_path: Path, shape: tuple[int, ...]) -> None:
    (tmp_path / "mine.yaml").write_text(
        "base: series\nchoices:\n- {name: recurrent, values: [gru]}\n- {name: blocks, values: [1]}\n"
    )
    outcome = _search(tmp_path, _array(tmp_path, *shape), str(tmp_path / "mine.yaml"))
    _check(outcome)
    assert outcome.best.space == "mine"


def test_cells(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(
        "base: cells\nchoices:\n- {name: channels, values: [4]}\n- {name: stages, values: [2]}\n"
    )
    _check(_search(tmp_path, _array(tmp_path, 6, 6), str(tmp_path / "small.yaml")))


PYTHON = """
import keras
from archmend.spaces import Choice, Space
from helper_of_this_test import UNITS

space = Space([Choice("units", UNITS), Choice("fails", [FAILS])])


def build(architecture, input_shape, classes):
    if architecture["fails"]:
        raise ValueError("no such layer")
    model = keras.Sequential([
        keras.Input(input_shape),
        keras.layers.Dense(architecture["units"], "relu"),
        keras.layers.Dense(classes, "softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def test_workers_load_a_python_file_and_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "helper_of_this_test.py").write_text("UNITS = [4, 8]\n")
    (tmp_path / "mine.py").write_text(PYTHON.replace("FAILS", "False"))
    data = _array(tmp_path, 4)
    _check(_search(tmp_path, data, str(tmp_path / "mine.py")))
    (tmp_path / "failing.py").write_text(PYTHON.replace("FAILS", "True"))
    with pytest.raises(
        NothingSucceeded, match=r"failing\.py, line 11: build\(\) raised ValueError: no such layer"
    ):
        _search(tmp_path / "again", data, str(tmp_path / "failing.py"))
