"""Every bad source is answered by one sentence that names the thing, its value and the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archmend.datasets import open_data, read_prepared, write_prepared
from archmend.errors import BadInput

X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
Y = np.arange(30) % 3


def _npz(folder: Path, **members: Any) -> Path:
    np.savez(folder / "a.npz", **members)
    return folder / "a.npz"


def _text(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def _rows(**columns: str) -> str:
    """Return a CSV of 12 rows, `i` replaced by the row's number."""
    body = [",".join(v.replace("#", str(i)) for v in columns.values()) for i in range(12)]
    return "\n".join([",".join(columns), *body]) + "\n"


def _truncated(folder: Path) -> Path:
    path = _npz(folder, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:200])
    return path


def _not_a_number(folder: Path) -> Path:
    x = X.copy()
    x[3, 1], x[4, 1] = np.nan, -np.inf
    return _npz(folder, x=x, y=Y)


def _images_of_two_sizes(folder: Path) -> Path:
    for name, size in (("a", 4), ("b", 5)):
        (folder / name).mkdir()
        Image.fromarray(np.zeros((size, size), np.uint8)).save(folder / name / "0.png")
    return folder


def _broken_image(folder: Path) -> Path:
    (folder / "a").mkdir()
    (folder / "a" / "0.png").write_bytes(b"no image")
    return folder


SOURCES: list[tuple[Callable[[Path], Path], dict[str, Any], str]] = [
    (lambda d: d / "none.npz", {}, r"none\.npz' does not exist; give the path"),
    (_truncated, {}, r"a\.npz' is no \.npz file or is damaged"),
    (lambda d: _text(d, "a.npz", ""), {}, r"a\.npz' is empty"),
    (lambda d: _npz(d, x=np.array([{}] * 30), y=Y), {}, "pickled, and pickles are not read"),
    (lambda d: _npz(d, data=X, y=Y), {}, "holds data, y but no 'x'"),
    (lambda d: _npz(d, x=X, y=Y[:20]), {}, "has 30 rows and y has 20 labels"),
    (_not_a_number, {}, r"2 values are NaN or infinite in .*--impute median, mean or zero"),
    (lambda d: _npz(d, x=X, y=np.zeros(30, int)), {}, "holds one class only, '0'"),
    (lambda d: _npz(d, x=X[:4], y=np.array([0, 0, 0, 1])), {}, "class '1' has 1 rows and a split"),
    (
        lambda d: _npz(d, x_train=X, y_train=Y, x_test=X[:, :3], y_test=Y),
        {},
        r"x_train has the shape \(4,\) and one of x_test \(3,\)",
    ),
    (lambda d: _npz(d, x_train=X, y_train=Y, x_test=X, y_test=Y + 1), {}, "the class '3', which has no row"),
    (lambda d: _npz(d, x=X, y=np.linspace(0, 1, 30)), {}, "like a quantity, and archmend classifies"),
    (lambda d: _npz(d, x=X, y=Y), {"split_seed": -1}, "--split-seed must be .* at least 0, got -1"),
    (lambda d: _npz(d, x=X, y=Y), {"validation": 0.0}, r"--validation must be a fraction.*got 0\.0"),
    (lambda d: _npz(d, x=X, y=Y), {"validation": 0.6, "test": 0.5}, "leave nothing to train on"),
    (lambda d: _npz(d, x=X, y=Y), {"impute": "medain"}, "did you mean 'median'"),
    (lambda d: _npz(d, x=X, y=Y), {"target": "y"}, "--target 'y' is for tables"),
    (
        lambda d: _text(d, "a.csv", _rows(a="#", k="c#")),
        {},
        r"labels with --target \(a, k\)",
    ),
    (lambda d: _text(d, "a.csv", _rows(size="#", kind="c")), {"target": "kin"}, "did you mean 'kind'"),
    (
        lambda d: _text(d, "a.csv", _rows(day="2024-01-01", kind="c#")),
        {"target": "kind"},
        "column 'day' of .* holds dates, which are not supported",
    ),
    (lambda d: _text(d, "a.csv", "a,b\n1,2\n3\n"), {"target": "b"}, "cannot be read as CSV"),
    (lambda d: _text(d, "a.csv", _rows(a="nan", k="c#")), {"target": "k"}, "12 values are NaN or infinite"),
    (lambda d: _text(d, "a.csv", "km/h,k\n1,a\n"), {"target": "k"}, "a column named 'km/h'.*rename it"),
    (lambda d: _text(d, "a.parquet", "no table"), {"target": "k"}, "is no Parquet file or is damaged"),
    (lambda d: _text(d, "a.xlsx", "rows"), {}, r"'a\.xlsx' is of no known kind; archmend reads digits"),
    (_images_of_two_sizes, {}, "4x4 pixels and .* 5x5; resize them alike"),
    (_broken_image, {}, r"0\.png' is no image or is damaged"),
    (lambda d: d, {}, "holds no class folders"),
]


@pytest.mark.parametrize(("make", "flags", "sentence"), SOURCES)
def test_bad_source(
    make: Callable[[Path], Path], flags: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        open_data(make(tmp_path), **flags)
    assert "\n" not in str(caught.value)


def test_a_misspelt_name() -> None:
    with pytest.raises(BadInput, match="unknown data 'digit': did you mean 'digits'"):
        open_data("digit")


def test_prepared_data_is_read_back(tmp_path: Path) -> None:
    data = open_data(_npz(tmp_path, x=X, y=Y))
    again = read_prepared(write_prepared(data, tmp_path / "out"))
    assert again.info == data.info
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(again.part(name).x, data.part(name).x)
        np.testing.assert_array_equal(again.part(name).y, data.part(name).y)


def test_prepared_tables_are_read_back(tmp_path: Path) -> None:
    path = _text(tmp_path, "a.csv", _rows(size="#.5", colour="c", kind="k") + "1,,m\n" * 6)
    data = open_data(path, target="kind")
    again = read_prepared(write_prepared(data, tmp_path / "out"))
    assert again.info == data.info
    assert isinstance(again.train.x, dict)
    assert isinstance(data.train.x, dict)
    for name in data.train.x:
        np.testing.assert_array_equal(again.train.x[name], data.train.x[name])


def test_damaged_prepared_data(tmp_path: Path) -> None:
    folder = write_prepared(open_data(_npz(tmp_path, x=X, y=Y)), tmp_path / "out")
    (folder / "test.npz").unlink()
    with pytest.raises(BadInput, match=r"test\.npz' is missing from the prepared data"):
        open_data(folder)
    (folder / "data.json").write_text("{}")
    with pytest.raises(BadInput, match="is damaged or of another version"):
        open_data(folder)


def test_a_flag_that_contradicts_prepared_data(tmp_path: Path) -> None:
    folder = write_prepared(open_data(_npz(tmp_path, x=X, y=Y)), tmp_path / "out")
    with pytest.raises(BadInput, match="--split-seed 3 contradicts the prepared data"):
        open_data(folder, split_seed=3)


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"holds something else \('notes\.txt'\)"):
        write_prepared(open_data("digits"), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
