"""Each bad input: exit 2, one sentence with the thing, the value and the way out, and no result left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from archmend.cli import main

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
Y = np.arange(40) % 2
Make = Callable[[Path], list[str]]


def _npz(folder: Path, **members: np.ndarray) -> str:
    np.savez(folder / "data.npz", **members)  # type: ignore[arg-type]
    return str(folder / "data.npz")


def _good(folder: Path) -> str:
    return _npz(folder, x=X, y=Y)


def _table(folder: Path) -> str:
    rows = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(30))
    (folder / "rows.csv").write_text("size,kind\n" + rows)
    return str(folder / "rows.csv")


def _nan(folder: Path) -> str:
    x = X.copy()
    x[3, 1] = np.nan
    return _npz(folder, x=x, y=Y)


def _search(data: Callable[[Path], str], *flags: str) -> Make:
    return lambda d: ["search", "--data", data(d), "--out", str(d / "out"), *flags]


def _bytes(content: bytes) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        (folder / "data.npz").write_bytes(content)
        return str(folder / "data.npz")

    return write


def _missing(folder: Path) -> str:
    return str(folder / "none.npz")


def _model(folder: Path, *flags: str) -> list[str]:
    (folder / "model.keras").write_text("no model")
    return [
        "repair",
        "--data",
        _good(folder),
        "--model",
        str(folder / "model.keras"),
        "--out",
        str(folder / "out"),
        *flags,
    ]


CASES: dict[str, tuple[Make, str]] = {
    "a missing file": (_search(_missing), "none.npz' does not exist; give the path of an existing file"),
    "an empty file": (_search(_bytes(b"")), "is empty; write it again with numpy.savez"),
    "a truncated file": (_search(_bytes(b"PK\x03\x04rest")), "is no .npz file or is damaged"),
    "a pickled file": (
        _search(lambda d: _npz(d, x=np.array([{}] * 40), y=Y)),
        "is pickled, and pickles are not read",
    ),
    "wrong keys": (_search(lambda d: _npz(d, data=X, labels=Y)), "but no 'x'; it needs x and y"),
    "another length": (_search(lambda d: _npz(d, x=X, y=Y[:9])), "has 40 rows and y has 9 labels"),
    "NaN": (_search(_nan), "1 value is NaN or infinite"),
    "one class": (_search(lambda d: _npz(d, x=X, y=0 * Y)), "holds one class only, '0'"),
    "too few rows": (_search(lambda d: _npz(d, x=X[:3], y=Y[:3])), "a split into 3 parts needs at least 3"),
    "another width": (
        _search(lambda d: _npz(d, x_train=X, y_train=Y, x_test=X[:, :2], y_test=Y)),
        "one of x_test (2,); make them alike",
    ),
    "an unknown column": (_search(_table, "--target", "kidn"), "unknown column 'kidn': did you mean 'kind'?"),
    "a table without a target": (_search(_table), "name the column of labels with --target"),
    "an unknown space": (_search(_good, "--space", "cf"), "unknown space 'cf': did you mean 'fc'?"),
    "an unknown strategy": (
        _search(_good, "--strategy", "gird"),
        "unknown strategy 'gird': did you mean 'grid'?",
    ),
    "an unknown setting": (
        _search(_good, "--strategy", "grid:a=1"),
        "strategy 'grid' has no settings, got a=1",
    ),
    "an unknown objective": (
        _search(_good, "--objective", "los"),
        "unknown objective 'los': did you mean 'loss'?",
    ),
    "an unknown optimizer": (_search(_good, "--optimizer", "adum"), "unknown optimizer 'adum'"),
    "an unknown flag": (_search(_good, "--epoch", "3"), "No such option: --epoch"),
    "an unknown command": (lambda _: ["serach"], "unknown command 'serach': did you mean 'search'?"),
    "a flag that is no number": (
        _search(_good, "--epochs", "ten"),
        "--epochs is 'ten', which is no whole number; give a whole number",
    ),
    "no trials": (
        _search(_good, "--max-trials", "0"),
        "--max-trials must be a whole number of at least 1, got 0",
    ),
    "negative epochs": (
        _search(_good, "--epochs", "-1"),
        "--epochs must be a whole number of at least 1, got -1",
    ),
    "no batch": (
        _search(_good, "--batch-size", "0"),
        "--batch-size must be a whole number of at least 1, got 0",
    ),
    "no time": (_search(_good, "--max-seconds", "0"), "--max-seconds must be a number above 0, got 0.0"),
    "no workers": (
        _search(_good, "--workers", "-2"),
        "--workers must be a whole number of at least 1, got -2",
    ),
    "a budget nothing fits": (
        _search(_good, "--max-params", "3"),
        "fits params 3; the cheapest found has params",
    ),
    "a rate the space chooses": (
        _search(_good, "--learning-rate", "0.1"),
        "--learning-rate 0.1 contradicts space 'fc', which chooses it; leave it out",
    ),
    "images for vectors": (_search(_good, "--space", "conv"), "space 'conv' needs images"),
    "grid without an end": (
        lambda d: [
            "search",
            "--data",
            "digits",
            "--space",
            "conv-open",
            "--strategy",
            "grid",
            "--out",
            str(d / "out"),
        ],
        "'grid' needs a finite space and 'conv-open' is infinite",
    ),
    "a split that leaves nothing": (_search(_good, "--test", "0.9"), "leave nothing to train on"),
    "an unreadable code": (
        lambda d: ["repair", "--data", _good(d), "--space", "fc", "--arch", "2-8", "--out", str(d / "out")],
        "architecture '2-8' is not of space 'fc': it ends before 'width_2'",
    ),
    "no start": (
        lambda d: ["repair", "--data", _good(d), "--out", str(d / "out")],
        "give either an architecture",
    ),
    "no Keras model": (lambda d: _model(d), "model.keras' is no Keras model"),
    "no repairs": (
        lambda d: _model(d, "--epochs", "0"),
        "--epochs must be a whole number of at least 1, got 0",
    ),
    "a part": (
        lambda d: ["evaluate", "--model", "m.keras", "--part", "tset", "--out", str(d / "out")],
        "unknown part 'tset': did you mean 'test'?",
    ),
    "no such version": (lambda d: ["registry", "show", "digits", "--registry", str(d / "none")], "none"),
    "a remedy's strategy": (
        lambda d: ["run", "--data", _good(d), "--repair-strategy", "rule", "--out", str(d / "out")],
        "unknown repair strategy 'rule': did you mean 'rules'?",
    ),
    "a run of missing data": (
        lambda d: ["run", "--data", _missing(d), "--out", str(d / "out")],
        "none.npz' does not exist; give the path of an existing file",
    ),
    "a registry name": (
        lambda d: ["run", "--data", _good(d), "--name", "../x", "--out", str(d / "out")],
        "../x",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, sentence = CASES[case]
    with pytest.raises(SystemExit) as ended:
        main(make(tmp_path))
    said = capsys.readouterr()
    assert ended.value.code == 2, said.err
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("archmend: ")
    assert sentence in said.err
    assert said.out == ""
    results = ("trials.jsonl", "best.json", "model.keras", "evaluation.json", "run.json", "search.json")
    assert not [name for name in results if (tmp_path / "out" / name).exists()]


def test_an_output_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "--data", "digits", "--out", str(tmp_path / "file" / "inside")])
    assert ended.value.code == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_folder_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "--data", "digits", "--out", str(tmp_path / "closed" / "out")])
    assert ended.value.code == 2
    assert "permission denied" in capsys.readouterr().err


def test_a_folder_that_holds_another_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["run", "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "holds something else ('notes.txt'); choose another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_model_of_another_input_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from archmend.networks import build, save_model
    from archmend.spaces import create_space

    space = create_space("fc", input_shape=(7,), classes=2)
    save_model(build(space, space.parse("1-8-relu-none-0-0.001")), tmp_path / "seven.keras")
    for command in (["repair", "--epochs", "1"], ["evaluate"]):
        flags = [
            "--model",
            str(tmp_path / "seven.keras"),
            "--data",
            _good(tmp_path),
            "--out",
            str(tmp_path / "out"),
        ]
        with pytest.raises(SystemExit) as ended:
            main([*command, *flags])
        said = capsys.readouterr().err
        assert ended.value.code == 2, said
        assert said.count("\n") == 1
        assert "(7,)" in said
        assert "(4,)" in said
