from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from archmend.errors import BadInput, Unavailable
from archmend.storage import disk_errors, open_atomic, write_atomic


def test_writes_text_and_bytes_and_makes_parents(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b.txt", "naïve\n")
    write_atomic(tmp_path / "a" / "c.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "naïve\n"
    assert (tmp_path / "a" / "c.bin").read_bytes() == b"\x00\xff"
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.txt", "c.bin"]


def test_file_has_the_permissions_of_an_ordinary_one(tmp_path: Path) -> None:
    write_atomic(tmp_path / "ours", "x")
    (tmp_path / "theirs").write_text("x")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "theirs")}
    assert len(modes) == 1


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt(), OSError(errno.ENOENT, "gone")])
def test_error_in_the_block_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    target = tmp_path / "file"
    write_atomic(target, "old")

    def write_half() -> None:
        with open_atomic(target, "w") as stream:
            stream.write("half")
            stream.flush()
            assert target.read_text() == "old"
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    target = tmp_path / "file"
    write_atomic(target, "old")
    with target.open() as reader:
        write_atomic(target, "new")
        assert reader.read() == "old"
    assert target.read_text() == "new"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_unavailable(tmp_path: Path, code: int) -> None:
    target = tmp_path / "file"
    with (
        pytest.raises(Unavailable, match=r"the disk is full at .*file; free some space") as caught,
        open_atomic(target),
    ):
        raise OSError(code, os.strerror(code))
    assert caught.value.exit_code == 4
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_device_of_the_system_is_unavailable() -> None:
    with (
        pytest.raises(Unavailable, match="disk is full"),
        disk_errors("/dev/full"),
        Path("/dev/full").open("wb", buffering=0) as stream,
    ):
        stream.write(b"x")


def test_file_where_a_folder_should_be_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match=r"file/inner cannot be written") as caught:
        write_atomic(tmp_path / "file" / "inner", "x")
    assert caught.value.exit_code == 2


def test_folder_where_a_file_should_be_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match=r"folder cannot be written \(is a directory\); choose another place"):
        write_atomic(tmp_path / "folder", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder_is_bad_input(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="permission denied"):
        write_atomic(tmp_path / "file", "x")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EISDIR])
def test_forbidden_place_names_the_path(code: int) -> None:
    with pytest.raises(BadInput, match=r"/some/place cannot be written"), disk_errors("/some/place"):
        raise OSError(code, os.strerror(code))


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(FileNotFoundError), disk_errors("/some/place"):
        raise FileNotFoundError(errno.ENOENT, "gone")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc, where no folder can be made")
def test_a_place_where_no_folder_can_be() -> None:
    with pytest.raises(BadInput, match="/proc/archmend cannot be made"):
        write_atomic(Path("/proc/archmend/file"), "x")
