"""Rows that workers share: the same as those encoded in memory, mapped and never copied."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from archmend.datasets import open_data, write_prepared
from archmend.errors import BadInput
from archmend.training.fitting import DeviceRows
from archmend.training.rows import EncodedRows, RowsFile

_TABLE = "a,b,label\n" + "".join(f"{n % 7}.5,{'xyz'[n % 3]},{'no' if n % 2 else 'yes'}\n" for n in range(60))


@pytest.fixture(params=["digits", "table"])
def prepared(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "digits":
        return write_prepared(open_data("digits"), tmp_path / "data")
    (tmp_path / "t.csv").write_text(_TABLE)
    return write_prepared(open_data(str(tmp_path / "t.csv"), target="label"), tmp_path / "data")


def test_mapped_rows_are_the_encoded_ones(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archmend.training.rows._BLOCK", 7)
    file = RowsFile()
    mapped, read = file.layout(prepared).rows(), EncodedRows.read(prepared)
    file.close()
    for ours, theirs in ((mapped.train, read.train), (mapped.validation, read.validation)):
        np.testing.assert_array_equal(ours.x, theirs.x)
        np.testing.assert_array_equal(ours.y, theirs.y)
        assert ours.x.dtype == np.float32
    assert mapped.info == read.info


def test_tensors_lie_where_the_file_is_mapped(prepared: Path) -> None:
    file = RowsFile()
    part = file.layout(prepared).rows().train
    device = DeviceRows(part.x, part.y)
    part.x[0] = 5.0  # a page of this process alone: the file keeps what it has
    assert (device.x.numpy()[0] == 5.0).all(), "the tensor was copied"
    assert not (file.layout(prepared).rows().train.x[0] == 5.0).all()
    file.close()


def test_a_process_that_inherits_the_file_sees_the_rows(tmp_path: Path) -> None:
    data = write_prepared(open_data("digits"), tmp_path / "data")
    file = RowsFile()
    shape, dtype, begin = file.layout(data).arrays["train.x"]
    program = (
        "import mmap, sys, numpy as np\n"
        "m = mmap.mmap(int(sys.argv[1]), 0, mmap.MAP_PRIVATE)\n"
        f"print(float(np.ndarray({shape}, {dtype!r}, m, {begin}).astype('f8').sum()))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(file.descriptor)],
        pass_fds=[file.descriptor],
        check=True,
        capture_output=True,
        text=True,
    )
    expected = EncodedRows.read(data).train.x.astype("f8").sum()
    assert float(said.stdout) == pytest.approx(expected)
    file.close()


def test_what_is_no_data(tmp_path: Path) -> None:
    file = RowsFile()
    with pytest.raises(BadInput, match=r"holds no data\.json"):
        file.layout(tmp_path)
    file.close()
