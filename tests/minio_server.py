"""A real MinIO server as a process of its own, for the tests of storage and registry."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ARCHMEND_S3_ADDRESSING",
    "MINIO_ACCESS_KEY",
    "MINIO_ENDPOINT",
    "MINIO_REGION",
    "MINIO_ROOT_PASSWORD",
    "MINIO_ROOT_USER",
    "MINIO_SECRET_KEY",
    "MINIO_SECURE",
    "MINIO_SESSION_TOKEN",
    "SSL_CERT_FILE",
)


@dataclass(frozen=True)
class Server:
    """A running MinIO."""

    endpoint: str
    process: subprocess.Popen[bytes]
    key: str = "archmend-tests"
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def host(self) -> str:
        return self.endpoint.partition("://")[2]

    def variables(self) -> dict[str, str]:
        """What a process needs in its environment to use this server, and nothing of another one."""
        return {
            "MINIO_ENDPOINT": self.endpoint,
            "MINIO_ACCESS_KEY": self.key,
            "MINIO_SECRET_KEY": self.secret,
        }

    def client(self) -> Any:
        import minio

        return minio.Minio(self.host, self.key, self.secret, secure=False, region="us-east-1")

    def new_bucket(self) -> str:
        name = f"test-{secrets.token_hex(6)}"
        self.client().make_bucket(name)
        return name


def binary() -> str:
    """Return the server's program, or skip the test: it comes neither from PyPI nor with this project."""
    of_go = str(Path.home() / "go" / "bin" / "minio")  # where `go install` puts it
    for found in (os.environ.get("ARCHMEND_MINIO"), shutil.which("minio"), of_go):
        if found and os.access(found, os.X_OK):
            return found
    pytest.skip("no MinIO server here; put `minio` on the PATH, or name it by ARCHMEND_MINIO")


def forget_stores(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take everything of this machine that names a store or a key out of the environment."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))


@contextmanager
def running(
    folder: Path, *, settings: Mapping[str, str] | None = None, tls: bool = False
) -> Iterator[Server]:
    """Run a server on a free port with its data below `folder` (`certs` there holds its certificate)."""
    program = binary()
    port, console = _free_ports()
    secret = secrets.token_hex(16)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(program, "server", "--quiet", "--certs-dir", str(folder / "certs")),
                *("--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{console}"),
                str(folder / "data"),
            ],
            stdout=log,
            stderr=log,
            env={
                "HOME": str(folder),
                "PATH": os.environ["PATH"],
                "MINIO_ROOT_USER": "archmend-tests",
                "MINIO_ROOT_PASSWORD": secret,
                "MINIO_BROWSER": "off",
                "GOMAXPROCS": "2",
                **(settings or {}),
            },
        )
    server = Server(f"{'https' if tls else 'http'}://127.0.0.1:{port}", process, secret=secret)
    try:
        _wait(server, folder / "log")
        yield server
    finally:
        process.kill()
        process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def _wait(server: Server, log: Path) -> None:
    import ssl

    unchecked = ssl._create_unverified_context()
    end = time.monotonic() + 30
    while time.monotonic() < end and server.process.poll() is None:
        try:
            urllib.request.urlopen(
                f"{server.endpoint}/minio/health/live", timeout=2, context=unchecked
            ).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"MinIO does not start: {log.read_text()[-1000:]}")
