"""One real MinIO for all tests of a process, and a new bucket for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.minio_server import Server, forget_stores, running


@pytest.fixture(autouse=True)
def no_other_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_stores(monkeypatch, tmp_path)


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def bucket(minio: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an empty bucket that the environment leads to."""
    for name, value in minio.variables().items():
        monkeypatch.setenv(name, value)
    return minio.new_bucket()
