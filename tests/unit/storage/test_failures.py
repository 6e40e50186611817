"""A real store that refuses, is full, is not there or not what it should be: one sentence, exit code 4."""

from __future__ import annotations

import io
import logging
import os
import secrets
import socket
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.minio_server import Server
from tests.unit.storage.cutting import cutting

from archmend.errors import ArchmendError, BadInput, Unavailable
from archmend.storage import (
    create_bytes,
    delete,
    exists,
    fetch,
    list_objects,
    put,
    read_bytes,
    write_bytes,
)
from archmend.storage.failures import is_full, is_passing
from archmend.storage.trees import _relative

READING = (read_bytes, fetch, exists, list_objects)


def _write(uri: str) -> None:
    write_bytes(uri, b"data")


def _create(uri: str) -> None:
    create_bytes(uri, b"data")


def _put_large(uri: str) -> None:
    local = Path(os.environ["LARGE"])
    local.write_bytes(bytes(17 << 20))
    put(local, uri)


WRITING = (_write, _create, _put_large, delete)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LARGE", str(tmp_path / "large"))


@pytest.mark.parametrize("ask", READING + WRITING)
@pytest.mark.parametrize(
    ("variable", "value"), [("MINIO_SECRET_KEY", "wrong"), ("MINIO_ACCESS_KEY", "nobody")]
)
def test_wrong_key(
    bucket: str, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], object], variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    uri = f"minio://{bucket}/a"
    with pytest.raises(Unavailable, match=rf"refused access to '{uri}' \(\w+\); check the key") as caught:
        ask(uri)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("ask", READING + WRITING)
def test_missing_bucket(bucket: str, ask: Callable[[str], object]) -> None:
    with pytest.raises(
        Unavailable, match=r"there is no bucket 'nobody' \(of 's3://nobody/a'\) at http"
    ) as caught:
        ask("s3://nobody/a")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("ask", READING + WRITING)
def test_refused_connection(
    bucket: str, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], object]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        monkeypatch.setenv("MINIO_ENDPOINT", f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:\d+ does not answer for") as caught:
            ask(f"minio://{bucket}/a")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("ask", [read_bytes, fetch])
def test_missing_object(bucket: str, ask: Callable[[str], object]) -> None:
    with pytest.raises(BadInput, match=r"there is no object 's3://.*/none\.npz'; check the name") as caught:
        ask(f"s3://{bucket}/none.npz")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("ask", [_write, _create, _put_large])
def test_full_bucket_holds_no_half(bucket: str, minio: Server, ask: Callable[[str], object]) -> None:
    from minio import MinioAdmin
    from minio.credentials import StaticProvider

    admin = MinioAdmin(endpoint=minio.host, credentials=StaticProvider(minio.key, minio.secret), secure=False)
    admin.bucket_quota_set(bucket, 2)
    uri = f"minio://{bucket}/a"
    with pytest.raises(Unavailable, match=rf"is full for '{uri}' \(\w+QuotaExceeded\)") as caught:
        ask(uri)
    assert caught.value.exit_code == 4
    assert list_objects(f"minio://{bucket}") == []
    assert minio.client()._list_multipart_uploads(bucket).uploads == []


def test_no_key(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINIO_ACCESS_KEY")
    monkeypatch.delenv("MINIO_SECRET_KEY")
    for ask in (read_bytes, _create):
        with pytest.raises(Unavailable, match=r"needs a key for .*; set MINIO_ACCESS_KEY and MINIO_S"):
            ask(f"minio://{bucket}/a")
        with pytest.raises(Unavailable, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
            ask(f"s3://{bucket}/a")


def test_http_where_tls_is_not_spoken(bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", f"https://{minio.host}")
    for ask in (read_bytes, _create):
        with pytest.raises(
            Unavailable, match=r"speaks no TLS, so 'minio.*' was not asked for; write http://"
        ):
            ask(f"minio://{bucket}/a")


class _Page(BaseHTTPRequestHandler):
    """Any web server: a page for everything."""

    status = 200

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        page = b"<html><body>Welcome<br></body></html>"
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)

    do_HEAD = do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("ask", [*READING, _write, _create])
def test_another_service_is_no_store(
    bucket: str, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], object], status: int
) -> None:
    handler = type("Handler", (_Page,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("MINIO_ENDPOINT", f"127.0.0.1:{other.server_port}")
        with pytest.raises(
            Unavailable, match=r"does not answer .* as an S3 service does|refused|failed"
        ) as caught:
            ask(f"minio://{bucket}/a")
        other.shutdown()
    assert "html" not in str(caught.value)


@pytest.mark.parametrize(("refusals", "arrives"), [(2, True), (1000, False)])
def test_silent_store_is_asked_again_a_few_times(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, refusals: int, arrives: bool
) -> None:
    write_bytes(f"s3://{bucket}/a", b"a")
    with cutting(minio.host, lambda method, number: 0 if number <= refusals else None) as proxy:
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://127.0.0.1:{proxy.port}")
        if arrives:
            assert read_bytes(f"minio://{bucket}/a") == b"a"
        else:
            with pytest.raises(Unavailable, match="does not answer for"):
                read_bytes(f"minio://{bucket}/a")
        assert len(proxy.requests) == (3 if arrives else 4)


class _Said(Exception):
    def __init__(self, status: int) -> None:
        self.response = {"Error": {"Code": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}


@pytest.mark.parametrize(
    ("status", "passing", "full"),
    [
        (500, True, False),
        (503, True, False),
        (429, True, False),
        (507, False, True),
        (501, False, False),
        (403, False, False),
    ],
)
def test_which_answers_pass(status: int, passing: bool, full: bool) -> None:
    assert (is_passing(_Said(status)), is_full(_Said(status))) == (passing, full)


@pytest.mark.parametrize("inner", ["../x", "a/../../x", "/etc/x", "a//b", "./x", "a\0b"])
def test_names_that_lead_out_of_a_folder(inner: str) -> None:
    with pytest.raises(BadInput, match="is no file's; rename it"):
        _relative(f"s3://b/p/{inner}", inner)


@pytest.mark.parametrize("uri", ["s3://B_/a", "s3://ab", f"s3://bucket/{'k' * 1100}"])
def test_names_that_cannot_be(bucket: str, uri: str) -> None:
    with pytest.raises(ArchmendError, match=r"name"):
        _write(uri)


def test_the_secret_is_told_nowhere(
    bucket: str,
    minio: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """A random key of 32 characters; every request fails, with all loggers at their most talkative."""
    secret, token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    assert len(secret) == 32
    monkeypatch.setenv("MINIO_SECRET_KEY", secret)
    monkeypatch.setenv("MINIO_SESSION_TOKEN", token)
    told = []
    with caplog.at_level(logging.DEBUG, logger="archmend"):
        for endpoint in (minio.host, f"https://{minio.host}", "127.0.0.1:1"):
            monkeypatch.setenv("MINIO_ENDPOINT", endpoint)
            for ask in READING + WRITING:
                with pytest.raises(Unavailable) as caught:
                    ask(f"minio://{bucket}/a")
                told += traceback.format_exception(caught.value)
    assert len(told) > 100
    for text in [*told, caplog.text]:
        assert secret not in text
        assert token not in text
    minio.client().put_object(bucket, "a", io.BytesIO(b""), 0)
