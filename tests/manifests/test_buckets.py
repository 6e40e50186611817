"""The bucket Job's script against an S3 server."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from types import ModuleType

import pytest
from tests.manifests.conftest import MANIFESTS


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("buckets", MANIFESTS / "components/minio/buckets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    server_module = pytest.importorskip("moto.server")
    pytest.importorskip("minio")
    server = server_module.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "MINIO_ENDPOINT": f"http://{host}:{port}",
        "MINIO_ACCESS_KEY": "me",
        "MINIO_SECRET_KEY": "secret-secret",
        "BUCKETS": "plain kept",
        "VERSIONED_BUCKETS": "kept",
    }
    server.stop()


def test_made_versioned_and_left_alone_the_second_time(
    script: ModuleType, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from minio import Minio

    script.make_buckets(environment)
    assert capsys.readouterr().out.splitlines() == ["plain: made", "kept: made", "kept: versioned"]

    script.make_buckets(environment)
    assert capsys.readouterr().out.splitlines() == ["plain: there already", "kept: there already"]

    client = Minio(
        endpoint=environment["MINIO_ENDPOINT"].removeprefix("http://"),
        access_key="me",
        secret_key="secret-secret",
        region="us-east-1",
        secure=False,
    )
    assert client.get_bucket_versioning(bucket_name="kept").status == "Enabled"
    assert client.get_bucket_versioning(bucket_name="plain").status != "Enabled"
