"""Large objects against a real MinIO: what a killed upload leaves is used, and nothing is mixed up."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.minio_server import Server
from tests.unit.storage.cutting import cutting

from archmend.errors import BadInput, Unavailable
from archmend.storage import fetched, list_objects, put, read_bytes, write_bytes
from archmend.storage.sending import SMALLEST, Sending, part_size

KILLED = str(Path(__file__).with_name("killed_upload.py"))
SIZE = 70 << 20


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Random content, so that no two parts are alike."""
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the parts that went over the network."""
    numbers = []
    send_part = Sending._send_part

    def noting(self: Sending, upload: str, number: int, data: bytes) -> str:
        numbers.append(number)
        return send_part(self, upload, number, data)

    monkeypatch.setattr(Sending, "_send_part", noting)
    return numbers


def unfinished(minio: Server, bucket: str) -> int:
    return len(minio.client()._list_multipart_uploads(bucket).uploads)


def kill_before_part(file: Path, uri: str, number: int) -> None:
    child = subprocess.run([sys.executable, KILLED, str(file), uri, str(number)], env=os.environ, check=False)
    assert child.returncode == -signal.SIGKILL


def test_successor_of_a_killed_upload_sends_the_rest(
    bucket: str, minio: Server, large: Path, sent: list[int]
) -> None:
    uri = f"minio://{bucket}/deep/large.bin"
    kill_before_part(large, uri, 3)
    assert list_objects(f"minio://{bucket}") == []  # nobody sees a half
    assert unfinished(minio, bucket) == 1
    put(large, uri)
    data = large.read_bytes()
    count = -(-SIZE // part_size(SIZE, hashlib.sha256(data).hexdigest()))
    assert sent == list(range(3, count + 1))
    assert unfinished(minio, bucket) == 0
    with fetched(uri) as copy:
        assert copy.read_bytes() == data
    sent.clear()
    put(large, uri)
    assert sent == []  # it is there already


def test_another_content_starts_anew(bucket: str, minio: Server, large: Path, sent: list[int]) -> None:
    """The first parts are the same, as of a file that was changed at its end."""
    uri = f"minio://{bucket}/large.bin"
    kill_before_part(large, uri, 3)
    with large.open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        last = stream.read(1)
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last[0] ^ 1]))
    put(large, uri)
    assert sent[0] == 1
    assert read_bytes(uri) == large.read_bytes()


def test_lost_end_is_noticed_as_done(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, large: Path
) -> None:
    """The store completes the upload, and its answer is lost."""
    posts = 0

    def cut(method: str, number: int) -> int | None:
        nonlocal posts
        posts += method == "POST"
        return 0 if method == "POST" and posts == 2 else None

    with cutting(minio.host, cut) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        put(large, f"minio://{bucket}/large")
    monkeypatch.setenv("MINIO_ENDPOINT", minio.endpoint)
    assert posts >= 2
    assert read_bytes(f"minio://{bucket}/large") == large.read_bytes()


def test_cut_connection_keeps_what_arrived(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, large: Path, sent: list[int]
) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    puts = 0

    def cut(method: str, number: int) -> int | None:
        nonlocal puts
        puts += method == "PUT"
        return 0 if puts > 2 else None

    with cutting(minio.host, cut) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unavailable, match="does not answer for"):
            put(large, f"minio://{bucket}/large")
    monkeypatch.setenv("MINIO_ENDPOINT", minio.endpoint)
    assert sent[:2] == [1, 2]
    sent.clear()
    put(large, f"minio://{bucket}/large")
    # The third part arrived as well, only its answer did not.
    assert sent[0] in (3, 4)
    assert read_bytes(f"minio://{bucket}/large") == large.read_bytes()


def test_file_that_changes_meanwhile_is_refused(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, large: Path
) -> None:
    send_part = Sending._send_part

    def changing(self: Sending, upload: str, number: int, data: bytes) -> str:
        with large.open("r+b") as stream:
            stream.seek(-16, os.SEEK_END)
            stream.write(b"changed meantime")
        return send_part(self, upload, number, data)

    monkeypatch.setattr(Sending, "_send_part", changing)
    with pytest.raises(BadInput, match="changed while it was sent; send it again"):
        put(large, f"minio://{bucket}/large")
    assert list_objects(f"minio://{bucket}") == []
    assert unfinished(minio, bucket) == 0


def test_value_below_the_limit_goes_in_one_request(bucket: str) -> None:
    write_bytes(f"minio://{bucket}/small", bytes(SMALLEST))
    (entry,) = list_objects(f"minio://{bucket}")
    assert entry.etag == hashlib.md5(bytes(SMALLEST), usedforsecurity=False).hexdigest()


def test_large_value_from_memory(bucket: str) -> None:
    data = os.urandom(SMALLEST + 1)
    write_bytes(f"minio://{bucket}/large", data)
    assert read_bytes(f"minio://{bucket}/large") == data


@pytest.mark.parametrize("size", [1, SMALLEST, 5 << 40])
def test_parts_are_within_the_limits_of_s3(size: int) -> None:
    for digest in ("0" * 64, "f" * 64):
        step = part_size(size, digest)
        assert 5 << 20 <= step <= 5 << 30
        assert -(-size // step) <= 10_000
    assert part_size(size, "0" * 64) != part_size(size, "0" * 63 + "1")
