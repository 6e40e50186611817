from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archmend.errors import BadInput, MissingExtra
from archmend.storage import (
    create_bytes,
    delete,
    exists,
    fetch,
    fetched,
    is_remote,
    list_objects,
    local_path,
    put,
    read_bytes,
    write_bytes,
)


def test_plain_paths_and_file_uris_name_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "with space.txt"
    path.write_text("x")
    uri = path.as_uri()
    assert "%20" in uri
    assert fetch(uri) == fetch(path) == fetch(str(path)) == path
    assert exists(uri)
    assert not exists(tmp_path / "other")
    with fetched(uri) as local:
        assert local == path
    assert path.exists()


def test_remote_is_told_by_the_scheme() -> None:
    assert is_remote("s3://bucket/key")
    assert is_remote("minio://bucket/key")
    assert not is_remote("file:///a")
    assert not is_remote("a/b")


def test_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~/a") == tmp_path / "a"


def test_missing_file() -> None:
    with pytest.raises(BadInput, match=r"'no/such' does not exist") as caught:
        fetch("no/such")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("uri", ["gs://bucket/key", "http://host/file"])
def test_unknown_scheme(uri: str) -> None:
    with pytest.raises(
        BadInput, match=r"unknown scheme '\w+'; give a plain path, file://, s3:// or minio://"
    ):
        fetch(uri)


def test_file_uri_of_another_host() -> None:
    with pytest.raises(BadInput, match="names the host 'server'; write file:///absolute/path"):
        fetch("file://server/a")


def test_put_copies_files_and_folders(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    (source / "a").write_text("1")
    (source / "inner" / "b").write_text("2")
    put(source, tmp_path / "copy")
    put(source / "a", (tmp_path / "one").as_uri())
    assert (tmp_path / "copy" / "inner" / "b").read_text() == "2"
    assert (tmp_path / "one").read_text() == "1"


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minio", None)
    monkeypatch.setenv("AWS_REGION", "of-no-other-test-1")  # a client that was made before would serve
    with pytest.raises(MissingExtra, match=r"minio is not installed.*pip install 'archmend\[s3\]'") as caught:
        fetch("s3://bucket/key")
    assert caught.value.exit_code == 2


def test_local_values(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "value"
    assert create_bytes(place.as_uri(), b"first")
    assert not create_bytes(place, b"second")
    assert read_bytes(place) == b"first"
    write_bytes(place, b"third")
    (entry,) = list_objects(tmp_path)
    assert (entry.uri, entry.size) == (str(place), 5)
    assert entry.modified == place.stat().st_mtime
    assert list_objects(place) == [entry]
    delete(place)
    delete(place)
    assert list_objects(tmp_path) == list_objects(tmp_path / "none") == []


def test_local_folder_is_no_value(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        delete(tmp_path)
