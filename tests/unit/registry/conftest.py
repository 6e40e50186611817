"""Versions without Keras: a model is bytes. Most tests run in a folder and in a bucket."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.minio_server import Server, forget_stores, running

from archmend.registry import Lineage, Registry, Version

Add = Callable[..., Version]


def _evaluation_of(model: bytes, accuracy: float, **other: object) -> bytes:
    """The part of an evaluation.json that the registry reads."""
    digest = hashlib.sha256(model).hexdigest()
    fields = {"accuracy": accuracy, "part": "test", "test_digest": "t" * 64, "model_digest": digest}
    return json.dumps({"schema_version": 1, **fields, **other}).encode()


class Clock:
    """Seconds that pass when the test says so; starts now, as files are dated by the machine's clock."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def evaluation_of() -> Callable[..., bytes]:
    return _evaluation_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Name of an empty bucket of a real MinIO, with versions as the registry's should be."""
    from minio.versioningconfig import ENABLED, VersioningConfig

    server: Server = request.getfixturevalue("minio")
    forget_stores(monkeypatch, tmp_path)
    for name, value in server.variables().items():
        monkeypatch.setenv(name, value)
    bucket = server.new_bucket()
    server.client().set_bucket_versioning(bucket, VersioningConfig(ENABLED))
    return bucket


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a registry can be begun."""
    if request.param == "folder":
        return str(tmp_path / "registry")
    return f"minio://{request.getfixturevalue('bucket')}/models"


@pytest.fixture
def registry(place: str, clock: Clock) -> Registry:
    return Registry(place, clock=clock)


@pytest.fixture
def add(registry: Registry, tmp_path: Path) -> Add:
    def _add(accuracy: float, *, name: str = "digits", margin: float = 0.0, **other: object) -> Version:
        model = f"model of accuracy {accuracy}".encode()
        path = tmp_path / "model.keras"
        path.write_bytes(model)
        return registry.register(
            path,
            _evaluation_of(model, accuracy, **other),
            name=name,
            lineage=Lineage(run="r1", trial=7, packages={"keras": "3"}),
            promote_margin=margin,
        )

    return _add
