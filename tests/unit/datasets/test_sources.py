"""What each kind of source becomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from archmend.datasets import ArrayEncoding, TableEncoding, encode, open_data, row_count

RNG = np.random.default_rng(0)


def _arrays(rows: int = 60, width: int = 4, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    return RNG.normal(size=(rows, width)).astype(np.float32), np.arange(rows) % classes


def _csv(path: Path, rows: int = 60) -> Path:
    colours = ("red", "green", "blue")
    lines = ["size,colour,count,kind"]
    for i in range(rows):
        size = "" if i % 10 == 3 else f"{i * 0.5:.1f}"
        colour = "" if i % 15 == 4 else colours[i % 3]
        lines.append(f"{size},{colour},{i},{'yes' if i % 2 else 'no'}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_digits_are_images_split_by_class() -> None:
    data = open_data("digits")
    assert data.info.format == "image"
    assert data.info.shape == (8, 8)
    assert data.info.encoded_shape == (8, 8, 1)
    assert data.info.rows == {"train": 1257, "validation": 270, "test": 270}
    assert data.info.classes == tuple("0123456789")
    counts = data.info.report.class_counts
    shares = [counts["test"][c] / sum(counts[p][c] for p in counts) for c in data.info.classes]
    assert max(abs(share - 0.15) for share in shares) < 0.01


def test_npz_with_one_pair(tmp_path: Path) -> None:
    x, y = _arrays()
    np.savez(tmp_path / "a.npz", x=x, y=y)
    data = open_data(tmp_path / "a.npz")
    assert (data.info.format, data.info.shape, data.info.classes) == ("array", (4,), ("0", "1", "2"))
    everything = np.concatenate([data.train.x, data.validation.x, data.test.x])
    assert sorted(map(tuple, everything)) == sorted(map(tuple, x))


def test_npz_brings_its_test_part(tmp_path: Path) -> None:
    x, y = _arrays()
    np.savez_compressed(tmp_path / "a.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    data = open_data(tmp_path / "a.npz")
    assert data.info.split.given_test
    np.testing.assert_array_equal(data.test.x, x[40:])
    np.testing.assert_array_equal(data.test.y, y[40:])
    assert data.info.rows["train"] + data.info.rows["validation"] == 40


def test_one_hot_and_text_labels_are_classes(tmp_path: Path) -> None:
    x, y = _arrays()
    np.savez(tmp_path / "hot.npz", x=x, y=np.eye(3)[y])
    np.savez(tmp_path / "text.npz", x=x, y=np.array(["ant", "bee", "cat"])[y])
    assert open_data(tmp_path / "hot.npz").info.classes == ("0", "1", "2")
    assert open_data(tmp_path / "text.npz").info.classes == ("ant", "bee", "cat")


def test_csv_columns_and_missing_cells(tmp_path: Path) -> None:
    data = open_data(_csv(tmp_path / "a.csv"), target="kind")
    assert data.info.format == "table"
    assert data.info.classes == ("no", "yes")
    assert data.info.report.missing == {"size": 6, "colour": 4}
    encoding = data.info.encoding
    assert isinstance(encoding, TableEncoding)
    assert [(c.name, c.kind) for c in encoding.columns] == [
        ("size", "numeric"),
        ("colour", "categorical"),
        ("count", "numeric"),
    ]
    assert isinstance(data.train.x, dict)
    size = data.train.x["size"]
    filled = encode(encoding, data.train.x)[:, 0]
    column = encoding.columns[0]
    assert column.kind == "numeric"
    np.testing.assert_allclose(column.fill, np.nanmedian(size))
    np.testing.assert_allclose(
        filled[np.isnan(size)], (column.fill - column.mean) / column.deviation, rtol=1e-5
    )


def test_parquet_is_the_same_data_as_csv(tmp_path: Path) -> None:
    path = _csv(tmp_path / "a.csv")
    table = pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(strings_can_be_null=True))
    pq.write_table(table, tmp_path / "a.parquet")
    text, columns = open_data(path, target="kind"), open_data(tmp_path / "a.parquet", target="kind")
    assert text.info.digest == columns.info.digest
    assert text.info.test_digest == columns.info.test_digest


@pytest.mark.parametrize(("mode", "suffix", "shape"), [("L", "png", (6, 5)), ("RGB", "jpeg", (6, 5, 3))])
def test_image_folders(tmp_path: Path, mode: str, suffix: str, shape: tuple[int, ...]) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(5):
            pixels = RNG.integers(0, 255, size=shape).astype(np.uint8)
            Image.fromarray(pixels, mode).save(tmp_path / "images" / name / f"{i}.{suffix}")
    data = open_data(tmp_path / "images")
    assert data.info.classes == ("cat", "dog")
    assert data.info.shape == shape
    assert data.info.encoded_shape == (*shape[:2], 3 if mode == "RGB" else 1)


def test_mnist(shared: Path) -> None:
    data = open_data(f"mnist:{shared / 'data' / 'mnist.npz'}")
    assert data.info.rows == {"train": 51000, "validation": 9000, "test": 10000}
    assert data.info.shape == (28, 28)


def test_encoding_is_fitted_on_the_training_part_only(tmp_path: Path) -> None:
    x, y = _arrays(rows=300)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    data = open_data(tmp_path / "a.npz")
    encoding = data.info.encoding
    assert isinstance(encoding, ArrayEncoding)
    np.testing.assert_allclose(encoding.mean, data.train.x.mean(axis=0), atol=1e-6)  # type: ignore[union-attr]
    encoded = encode(encoding, data.train.x)
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(encoded.std(axis=0), 1, atol=1e-5)


def test_imputation_replaces_what_is_not_finite(tmp_path: Path) -> None:
    x, y = _arrays()
    x[5, 1], x[7, 2] = np.nan, np.inf
    np.savez(tmp_path / "a.npz", x=x, y=y)
    data = open_data(tmp_path / "a.npz", impute="mean")
    assert data.info.report.non_finite == 2
    for part in (data.train, data.validation, data.test):
        assert np.isfinite(encode(data.info.encoding, part.x)).all()


def test_leaked_and_duplicate_rows_are_counted(tmp_path: Path) -> None:
    x, y = _arrays(rows=90)
    twins = np.concatenate([x, x[:30]])
    np.savez(tmp_path / "a.npz", x=twins, y=np.concatenate([y, y[:30]]))
    info = open_data(tmp_path / "a.npz").info
    assert info.report.duplicate_rows == 30
    data = open_data(tmp_path / "a.npz")
    train = {row.tobytes() for row in np.asarray(data.train.x)}
    held = {"validation": data.validation, "test": data.test}
    counted = {name: sum(row.tobytes() in train for row in np.asarray(p.x)) for name, p in held.items()}
    assert info.report.leaked_rows == counted
    assert sum(counted.values()) > 0
    assert any("also stand in the training part" in note for note in info.report.notes)
    assert row_count(data.train.x) == info.rows["train"]
