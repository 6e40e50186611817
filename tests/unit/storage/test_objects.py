"""Against moto's server: real HTTP, a real client, no network."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archmend.errors import BadInput, Unavailable
from archmend.storage import exists, fetch, fetched, put
from archmend.storage.objects import Connection

pytest.importorskip("minio")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "MINIO_ENDPOINT",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "MINIO_ACCESS_KEY",
    "MINIO_SECRET_KEY",
    "MINIO_ROOT_USER",
    "MINIO_ROOT_PASSWORD",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    threaded.start()
    host, port = threaded.get_host_and_port()
    yield f"http://{host}:{port}"
    threaded.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    import minio

    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    minio.Minio(server.removeprefix("http://"), "key", "secret", secure=False).make_bucket("data")
    return "data"


def test_object_goes_up_and_comes_down(bucket: str, tmp_path: Path) -> None:
    local = tmp_path / "rows.bin"
    local.write_bytes(bytes(range(256)) * 1000)
    put(local, "s3://data/deep/rows.bin")
    assert exists("s3://data/deep/rows.bin")
    assert exists("s3://data/deep")
    assert not exists("s3://data/deep/other.bin")
    assert not exists("s3://other/rows.bin")
    with fetched("s3://data/deep/rows.bin") as copy:
        assert copy.name == "rows.bin"
        assert copy.read_bytes() == local.read_bytes()
    assert not copy.exists()
    assert not copy.parent.exists()
    assert fetch("s3://data/deep/rows.bin").read_bytes() == local.read_bytes()


def test_prefix_comes_as_a_folder(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "set" / "cats").mkdir(parents=True)
    (tmp_path / "set" / "cats" / "1").write_text("miau")
    (tmp_path / "set" / "top").write_text("t")
    put(tmp_path / "set", "s3://data/copy")
    with fetched("s3://data/copy/") as folder:
        assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*")) == [
            "cats",
            "cats/1",
            "top",
        ]
        assert (folder / "cats" / "1").read_text() == "miau"


def test_minio_reads_its_own_variables(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", server.removeprefix("http://"))
    monkeypatch.setenv("MINIO_ACCESS_KEY", "minio-key")
    monkeypatch.setenv("MINIO_SECRET_KEY", "minio-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    (tmp_path / "a").write_text("a")
    put(tmp_path / "a", "minio://data/a")
    assert fetch("minio://data/a").read_text() == "a"


def test_nothing_is_left_after_an_error(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(BadInput, match=r"there is no object 's3://data/none'"), fetched("s3://data/none"):
        pass
    assert not list(tmp_path.iterdir())


def test_missing_object_is_bad_input_and_missing_bucket_unavailable(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no object 's3://data/none\.npz'; check") as caught:
        fetch("s3://data/none.npz")
    assert caught.value.exit_code == 2
    with pytest.raises(Unavailable, match=r"there is no bucket 'nobody' \(of 's3://nobody/a'\)") as missing:
        fetch("s3://nobody/a")
    assert missing.value.exit_code == 4
    (tmp_path / "a").write_text("a")
    with pytest.raises(Unavailable, match=r"there is no bucket 'nobody' \(of 's3://nobody/a'\)"):
        put(tmp_path / "a", "s3://nobody/a")


def test_no_bucket() -> None:
    with pytest.raises(BadInput, match="'s3:///a' names no bucket; write s3://bucket/key"):
        fetch("s3:///a")


def _free_requests(server: str, count: str) -> None:
    """Let moto answer `count` more requests before it asks for a key that it knows."""
    request = urllib.request.Request(
        f"{server}/moto-api/reset-auth",
        method="POST",
        data=count.encode(),
        headers={"Content-Type": "text/plain"},
    )
    urllib.request.urlopen(request).close()


def test_wrong_key_is_unavailable(bucket: str, server: str) -> None:
    _free_requests(server, "0")
    try:
        with pytest.raises(Unavailable, match=r"refused access to 's3://data/a'.*check the key") as caught:
            fetch("s3://data/a")
        assert caught.value.exit_code == 4
        with pytest.raises(Unavailable, match="check the key"):
            exists("s3://data/a")
    finally:
        _free_requests(server, "inf")


def test_refused_connection_is_unavailable(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(
            Unavailable, match=r"http://127\.0\.0\.1:\d+ does not answer for 's3://data/a'"
        ) as caught:
            fetch("s3://data/a")
    assert caught.value.exit_code == 4


class _Busy(BaseHTTPRequestHandler):
    """Refuses some requests as an overloaded store does and hands the others on."""

    behind = ""
    refusals = 0

    def do_GET(self) -> None:
        cls = type(self)
        if cls.refusals > 0:
            cls.refusals -= 1
            body = b"<Error><Code>ServiceUnavailable</Code><Message>busy</Message></Error>"
            self.send_response(503)
            headers = {}
        else:
            signed = {name: value for name, value in self.headers.items() if name.lower() == "authorization"}
            with urllib.request.urlopen(
                urllib.request.Request(cls.behind + self.path, headers=signed)
            ) as answer:
                body, headers = answer.read(), dict(answer.headers)
            self.send_response(200)
        for name, value in headers.items():
            if name.lower() in ("etag", "last-modified", "content-type"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize(("refusals", "arrives"), [(2, True), (1000, False)])
def test_busy_store_is_asked_again_a_few_times(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refusals: int, arrives: bool
) -> None:
    (tmp_path / "a").write_text("a")
    put(tmp_path / "a", "s3://data/a")
    handler = type("Handler", (_Busy,), {"behind": server, "refusals": refusals})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as busy:
        threading.Thread(target=busy.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{busy.server_port}")
        if arrives:
            assert fetch("s3://data/a").read_text() == "a"
        else:
            with pytest.raises(Unavailable, match=r"failed for 's3://data/a'.*try again later"):
                fetch("s3://data/a")
            assert 1000 - handler.refusals <= 10
        busy.shutdown()


def test_no_credentials(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(Unavailable, match="AWS_ACCESS_KEY_ID"):
        fetch("s3://data/a")


def test_minio_without_an_address() -> None:
    with pytest.raises(BadInput, match="minio:// needs the service's address; set MINIO_ENDPOINT"):
        fetch("minio://data/a")


def test_key_without_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    with pytest.raises(BadInput, match="AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not"):
        Connection.from_environment("s3")


def test_s3_falls_back_to_the_variables_of_minio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", "minio:9000")
    monkeypatch.setenv("MINIO_ROOT_USER", "u")
    monkeypatch.setenv("MINIO_ROOT_PASSWORD", "p")
    connection = Connection.from_environment("s3")
    assert (connection.endpoint, connection.key, connection.secret) == ("http://minio:9000", "u", "p")


def test_s3_at_amazon_does_not_take_minios_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ACCESS_KEY", "u")
    monkeypatch.setenv("MINIO_SECRET_KEY", "p")
    assert Connection.from_environment("s3").key is None
