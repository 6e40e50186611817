"""Versions without Keras: to the registry's core a model is bytes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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


@pytest.fixture
def registry(tmp_path: Path, clock: Clock) -> Registry:
    return Registry(tmp_path / "registry", clock=clock)


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
