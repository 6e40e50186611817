"""Objects against a real MinIO: what comes back, what is never half there."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from tests.minio_server import Server
from tests.unit.storage.cutting import cutting

from archmend.errors import BadInput, Unavailable
from archmend.storage import (
    create_bytes,
    delete,
    exists,
    fetch,
    fetched,
    list_objects,
    put,
    read_bytes,
    write_bytes,
)
from archmend.storage.clients import minio_client
from archmend.storage.connection import Connection


def test_object_goes_up_and_comes_down(bucket: str, tmp_path: Path) -> None:
    local = tmp_path / "rows.bin"
    local.write_bytes(bytes(range(256)) * 1000)
    uri = f"s3://{bucket}/deep/rows.bin"
    put(local, uri)
    assert exists(uri)
    assert exists(f"s3://{bucket}/deep")
    assert exists(f"s3://{bucket}")
    assert not exists(f"s3://{bucket}/dee")
    assert not exists(f"s3://{bucket}/deep/other.bin")
    with fetched(uri) as copy:
        assert copy.name == "rows.bin"
        assert copy.read_bytes() == local.read_bytes()
    assert not copy.parent.exists()
    assert fetch(uri.replace("s3://", "minio://")).read_bytes() == local.read_bytes()


def test_prefix_comes_as_a_folder(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "set" / "cats").mkdir(parents=True)
    (tmp_path / "set" / "cats" / "1").write_text("miau")
    (tmp_path / "set" / "top").write_text("t")
    put(tmp_path / "set", f"s3://{bucket}/copy")
    write_bytes(f"s3://{bucket}/copy-of-another/x", b"")
    for uri in (f"s3://{bucket}/copy", f"s3://{bucket}/copy/"):
        with fetched(uri) as folder:
            assert folder.name == "copy"
            found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))
            assert found == ["cats", "cats/1", "top"]
            assert (folder / "cats" / "1").read_text() == "miau"


def test_whole_bucket_comes_as_a_folder(bucket: str) -> None:
    write_bytes(f"s3://{bucket}/a/b", b"x")
    with fetched(f"s3://{bucket}") as folder:
        assert (folder / "a" / "b").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["plain", "with space/and %41?#&+", "ünïcode-é", "a=b,c:d@1~2"])
@pytest.mark.parametrize("data", [b"", b"x", bytes(300_000)])
def test_values_of_any_name_and_size(bucket: str, name: str, data: bytes) -> None:
    uri = f"minio://{bucket}/{name}"
    write_bytes(uri, b"before")
    write_bytes(uri, data)
    assert read_bytes(uri) == data
    assert [(o.uri, o.size) for o in list_objects(f"minio://{bucket}")] == [(uri, len(data))]
    delete(uri)
    delete(uri)
    assert not exists(uri)


def test_listing(bucket: str) -> None:
    for name in ("a/2", "a/1", "a/b/3", "ab"):
        write_bytes(f"s3://{bucket}/{name}", name.encode())
    found = list_objects(f"s3://{bucket}/a")
    assert [o.uri.partition(f"{bucket}/")[2] for o in found] == ["a/1", "a/2", "a/b/3"]
    assert all(o.size == 3 + 2 * ("b" in o.uri.rpartition("a/")[2]) and o.etag for o in found)
    assert found[0].modified == pytest.approx(found[-1].modified, abs=30)
    assert [o.uri for o in list_objects(f"s3://{bucket}/ab")] == [f"s3://{bucket}/ab"]
    assert list_objects(f"s3://{bucket}/none") == []


def test_listing_of_more_than_a_page(bucket: str, minio: Server) -> None:
    from minio.api import SnowballObject

    objects = (SnowballObject(f"many/{i:04d}", data=io.BytesIO(b"x"), length=1) for i in range(1050))
    minio.client().upload_snowball_objects(bucket, objects)
    found = list_objects(f"s3://{bucket}/many/")
    assert [o.uri[-4:] for o in found] == [f"{i:04d}" for i in range(1050)]


def test_created_once_by_one_of_many(bucket: str) -> None:
    """Every writer of a round meets the others at a barrier; exactly one of them is told that it wrote."""
    create_bytes(f"s3://{bucket}/warm", b"")
    for number in range(5):
        uri = f"s3://{bucket}/round/{number}"
        barrier, told = threading.Barrier(8), dict[int, bool]()

        def write(who: int, uri: str = uri, barrier: threading.Barrier = barrier, told=told) -> None:  # type: ignore[no-untyped-def]
            barrier.wait()
            told[who] = create_bytes(uri, str(who).encode())

        threads = [threading.Thread(target=write, args=(who,)) for who in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 8
        assert [str(who).encode() for who, wrote in told.items() if wrote] == [read_bytes(uri)]
        assert not create_bytes(uri, b"later")


def test_creation_whose_answer_is_lost_is_ours(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second attempt finds the key taken: by the first one, and so the answer is yes."""
    write_bytes(f"s3://{bucket}/taken", b"by another")
    with cutting(minio.host, lambda method, number: 0 if number == 1 else None) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        assert create_bytes(f"minio://{bucket}/mine", b"ours")
        assert [method for method, _, _ in proxy.requests] == ["PUT", "PUT", "HEAD"]
    with cutting(minio.host, lambda method, number: 0 if number == 1 else None) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        assert not create_bytes(f"minio://{bucket}/taken", b"ours")


def test_download_goes_on_where_it_was_cut(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(range(256)) * (12 << 10)
    write_bytes(f"s3://{bucket}/big", data)
    with cutting(minio.host, lambda method, number: 2 << 20 if number in (1, 2) else None) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        assert read_bytes(f"minio://{bucket}/big") == data
        starts = [headers.get("Range", "bytes=0-") for _, _, headers in proxy.requests]
    # What a client had in its buffer when the connection ended may be asked for again.
    begins = [int(start.removeprefix("bytes=").rstrip("-")) for start in starts]
    assert begins[0] == 0
    assert 1 << 20 <= begins[1] <= 2 << 20
    assert len(begins) == 2 or begins[2] > begins[1]


def test_object_replaced_between_two_halves_comes_whole(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = b"o" * (3 << 20), b"n" * (3 << 20)
    write_bytes(f"s3://{bucket}/big", old)

    def cut(method: str, number: int) -> int | None:
        if number == 2:
            minio.client().put_object(bucket, "big", io.BytesIO(new), len(new))
        return 2 << 20 if number == 1 else None

    with cutting(minio.host, cut) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        assert read_bytes(f"minio://{bucket}/big") == new


def test_damage_is_noticed(bucket: str, minio: Server, tmp_path: Path) -> None:
    client = minio.client()
    client.put_object(bucket, "bad", io.BytesIO(b"content"), 7, metadata={"sha256": "0" * 64})
    for read in (read_bytes, fetch):
        with pytest.raises(Unavailable, match=r"bad' arrived damaged .*sha256 .* should be 0000") as caught:
            read(f"s3://{bucket}/bad")
        assert caught.value.exit_code == 4


def test_foreign_objects_are_read(bucket: str, minio: Server) -> None:
    """Without our digest: by their ETag where it is one, else by their length."""
    client = minio.client()
    large = bytes(range(256)) * (24 << 10)
    client.put_object(bucket, "small", io.BytesIO(b"content"), 7)
    client.put_object(bucket, "parts", io.BytesIO(large), len(large), part_size=5 << 20)
    client.put_object(bucket, "odd", io.BytesIO(b"content"), 7, metadata={"sha256": "no digest"})
    assert read_bytes(f"s3://{bucket}/small") == read_bytes(f"s3://{bucket}/odd") == b"content"
    assert read_bytes(f"s3://{bucket}/parts") == large


def test_nothing_is_left_after_an_error(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with pytest.raises(BadInput, match="there is no object"), fetched(f"s3://{bucket}/none"):
        pass
    assert not list((tmp_path / "temporary").iterdir())


def test_each_connection_has_one_client(bucket: str) -> None:
    connection = Connection.from_environment("s3")
    assert minio_client(connection) is minio_client(Connection.from_environment("s3"))
