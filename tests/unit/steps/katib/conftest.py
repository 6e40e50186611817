"""A fake Katib and a real MinIO, and searches between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.minio_server import Server, forget_stores, running
from tests.unit.kubeflow.katib.conftest import start

from archmend.kubeflow.katib import client, connection
from archmend.kubeflow.katib.options import KatibOptions
from archmend.search import SearchProgress
from archmend.steps import katib_followed
from archmend.steps.search_request import SearchRequest

__all__ = ["start"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Return the URI of an empty folder that is the store: the trials of the fake run on this machine."""
    return f"file://{tmp_path / 'store'}"


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the URI of an empty bucket of a real store."""
    forget_stores(monkeypatch, tmp_path)
    for name, value in server.variables().items():
        monkeypatch.setenv(name, value)
    return f"minio://{server.new_bucket()}"


@pytest.fixture
def request_of(small: str, store: str, tmp_path: Path) -> Callable[..., SearchRequest]:
    def _request(pods: dict[str, Any] | None = None, **other: Any) -> SearchRequest:
        known: dict[str, Any] = {
            "data": small,
            "out": tmp_path / "out",
            "space": "seed-fc",
            "epochs": 3,
            "max_trials": 4,
            "engine": "katib",
            "katib": options(store, **(pods or {})),
        }
        return SearchRequest(**{**known, **other})

    return _request


def options(store: str, **pods: Any) -> KatibOptions:
    """Return what the trials get; a folder is a store only where all trials run on this machine."""
    made = KatibOptions(**pods)
    object.__setattr__(made, "store", store)
    return made


class Clock:
    """The clock of a search, which jumps when it is told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time() + self.ahead

    def jump_after(self, trials: int) -> Callable[[SearchProgress], None]:
        """Return what to do with progress so that the time is over after so many trials."""

        def progress(said: SearchProgress) -> None:
            if said.finished >= trials:
                self.ahead = 1e6

        return progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(katib_followed, "time", made)
    return made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 2.0)
    monkeypatch.setattr(client, "SETTLED", 0.0)
    monkeypatch.setattr(katib_followed, "PERIOD", 1)
    monkeypatch.setattr(katib_followed, "GRACE", 0.0)
    for name in ("ARCHMEND_RUN_ID", "ARCHMEND_NAMESPACE"):
        monkeypatch.delenv(name, raising=False)
