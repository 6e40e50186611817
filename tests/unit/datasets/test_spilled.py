"""Data larger than memory: on the disk it is the same data."""

from __future__ import annotations

import mmap
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from archmend.datasets import encode, open_data, read_prepared, spilled, write_prepared
from archmend.datasets.mapped import read_arrays
from archmend.errors import BadInput, Unavailable

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 6, 5)).astype("f4")
Y = np.arange(240) % 3


def _in_file(array: np.ndarray) -> bool:
    base = array
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    return isinstance(base, (mmap.mmap, np.memmap))


def _little_memory(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(spilled, "spill_limit", lambda: 1000)
    patch.setattr("archmend.datasets.npz.spill_limit", lambda: 1000)
    patch.setattr(spilled, "_BLOCK", 700)


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    _little_memory(monkeypatch)


def _source(kind: str, folder: Path) -> Path:
    path = folder / "rows.npz"
    if kind == "plain":
        np.savez(path, x=X, y=Y)
    elif kind == "compressed":
        np.savez_compressed(path, x=X, y=Y)
    elif kind == "fortran":
        np.savez_compressed(path, x=np.asfortranarray(X), y=Y)
    elif kind == "big-endian":
        np.savez(path, x=X.astype(">f4"), y=Y)
    elif kind == "images":
        path = folder / "images"
        for number, image in enumerate((100 * abs(X)).astype(np.uint8)):
            (path / f"class-{Y[number]}").mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path / f"class-{Y[number]}" / f"{number}.png")
    else:
        path = folder / "shards"
        path.mkdir()
        (path / "_SUCCESS").touch()
        for number, rows in enumerate(np.array_split(np.arange(240), 5)):
            np.savez(path / f"part-{number}.npz", x=X[rows], y=Y[rows])
    return path


@pytest.mark.parametrize("kind", ["plain", "compressed", "fortran", "big-endian", "shards", "images"])
def test_large_data_lie_in_files_and_are_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "whole.npz", x=X, y=Y)
    source = _source(kind, tmp_path)
    expected = open_data(source if kind == "images" else tmp_path / "whole.npz")
    with monkeypatch.context() as small:
        _little_memory(small)
        found = open_data(source)
        assert isinstance(found.train.x, np.ndarray)
        assert _in_file(found.train.x)
        encoded = encode(found.info.encoding, found.train.x)
        assert _in_file(encoded)
        again = read_prepared(write_prepared(found, tmp_path / "prepared"))
    assert found.info.model_dump(exclude={"source"}) == expected.info.model_dump(exclude={"source"})
    for name in ("train", "validation", "test"):
        ours, theirs = again.part(name), expected.part(name)  # type: ignore[arg-type]
        np.testing.assert_array_equal(ours.x, theirs.x)
        np.testing.assert_array_equal(ours.y, theirs.y)
    np.testing.assert_array_equal(encoded, encode(expected.info.encoding, expected.train.x))


@pytest.mark.usefixtures("small_memory")
def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spilled.os, "posix_fallocate", full, raising=False)
    with pytest.raises(Unavailable, match="the disk is full"):
        spilled.empty((1000, 10), np.dtype("f4"))


@pytest.mark.usefixtures("small_memory")
def test_a_compressed_member_that_is_cut(tmp_path: Path) -> None:
    path, header = tmp_path / "b.npz", {"descr": "<f4", "fortran_order": False, "shape": (500, 10)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as f:
        np.lib.format.write_array_header_1_0(f, header)
        f.write(bytes(900))
    with pytest.raises(BadInput, match=r"x\.npy is shorter than its header says"):
        read_arrays(path)


@pytest.mark.parametrize("shape", [(1 << 70, 5), (10**12, 10)])
def test_a_damaged_header_makes_no_room(shape: tuple[int, int], tmp_path: Path) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    path = tmp_path / "b.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as f:
        np.lib.format.write_array_header_1_0(f, header)
        f.write(bytes(900))
    with pytest.raises(BadInput, match=r"x\.npy is shorter than its header says"):
        read_arrays(path)


@pytest.mark.parametrize(("place", "byte", "said"), [(8, 77, "method is not supported"), (6, 1, "encrypted")])
def test_an_archive_that_nothing_here_opens(place: int, byte: int, said: str, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=X)
    archive = bytearray((tmp_path / "a.npz").read_bytes())
    # The same field stands in the member's own header and, two bytes further, in the directory.
    archive[place] = archive[archive.find(b"PK\x01\x02") + place + 2] = byte
    (tmp_path / "a.npz").write_bytes(archive)
    with pytest.raises(BadInput, match=said):
        read_arrays(tmp_path / "a.npz")


def test_a_damaged_bzip2_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive, archive.open("x.npy", "w") as f:
        np.lib.format.write_array(f, X)
    damaged = bytearray(path.read_bytes())
    damaged[60:80] = bytes(20)
    path.write_bytes(damaged)
    with pytest.raises(BadInput, match="is damaged"):
        read_arrays(path)


@pytest.mark.parametrize(("said", "limit"), [("8000\n", 1000), ("max\n", None), (None, None)])
def test_a_container_has_less_than_the_machine(
    said: str | None, limit: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spilled, "_CONTAINER", ())
    whole = spilled.spill_limit()
    if said is not None:
        (tmp_path / "memory.max").write_text(said)
    monkeypatch.setattr(spilled, "_CONTAINER", (str(tmp_path / "memory.max"),))
    assert spilled.spill_limit() == (limit or whole)


def test_parquet_shards_are_one_table(tmp_path: Path) -> None:
    table = pa.table({"a": np.arange(60.0), "b": ["u", "v", "w"] * 20, "label": ["no", "yes"] * 30})
    pq.write_table(table, tmp_path / "whole.parquet")
    shards = tmp_path / "shards"
    shards.mkdir()
    for number in range(3):
        pq.write_table(table.slice(20 * number, 20), shards / f"{number}.parquet")
    one, many = (open_data(p, target="label") for p in (tmp_path / "whole.parquet", shards))
    assert one.info.digest == many.info.digest
    pq.write_table(table.slice(0, 9).drop_columns(["b"]), shards / "3.parquet")
    with pytest.raises(BadInput, match=r"3\.parquet' has another column 'b' than '0\.parquet'"):
        open_data(shards, target="label")
    pq.write_table(table.slice(0, 9).add_column(0, "c", [range(9)]), shards / "3.parquet")
    with pytest.raises(BadInput, match=r"3\.parquet' has another column 'c' than '0\.parquet'"):
        open_data(shards, target="label")
    pq.write_table(table.slice(0, 9).select(["b", "a", "label"]), shards / "3.parquet")
    with pytest.raises(BadInput, match=r"3\.parquet' has another order of columns than '0\.parquet'"):
        open_data(shards, target="label")


def _shards(folder: Path, *parts: dict[str, np.ndarray]) -> Path:
    folder.mkdir()
    for number, part in enumerate(parts):
        np.savez(folder / f"{number}.npz", **part)  # type: ignore[arg-type]
    return folder


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            ({"x": X, "y": Y}, {"x": X[:, :5], "y": Y}),
            r"has rows \(5, 5\) of float32, and '0\.npz' has \(6, 5\)",
        ),
        (({"x": X, "y": Y}, {"x": X.astype("f8"), "y": Y}), r"of float64, and '0\.npz' has"),
        (({"x": X, "y": Y}, {"x": X, "y": Y.astype(str)}), r"has labels of <U21, and '0\.npz' of int64"),
        (({"x": X, "y": Y}, {"z": X}), r"holds z but no 'x'"),
        (
            ({"x": X, "y": Y, "x_train": X, "y_train": Y, "x_test": X, "y_test": Y},),
            "brings a test part; a shard has the members x and y alone",
        ),
    ],
)
def test_shards_that_do_not_fit(parts: tuple[dict[str, np.ndarray], ...], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        open_data(_shards(tmp_path / "shards", *parts))


def test_members_that_are_not_read_are_said(tmp_path: Path) -> None:
    parts = ({"x": X, "y": Y}, {"x": X, "y": Y, "z": Y}, {"x": X, "y": Y, "z": Y})
    notes = open_data(_shards(tmp_path / "shards", *parts)).info.report.notes
    assert notes.count("Members that are not read: z.") == 1
    np.savez(tmp_path / "a.npz", x=X, y=Y, x_train=X)
    notes = open_data(tmp_path / "a.npz").info.report.notes
    assert "Members that are not read: x_train." in notes


def test_other_files_beside_shards(tmp_path: Path) -> None:
    folder = _shards(tmp_path / "shards", {"x": X, "y": Y})
    (folder / "notes.txt").touch()
    with pytest.raises(BadInput, match=r"holds 'notes\.txt' beside 1 shards; give shards their own folder"):
        open_data(folder)
    (folder / "notes.txt").unlink()
    pq.write_table(pa.table({"a": [1]}), folder / "a.parquet")
    with pytest.raises(BadInput, match=r"holds \.npz and Parquet shards; give one kind"):
        open_data(folder)
