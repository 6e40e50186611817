"""A fake Kubeflow Pipelines and a connection to it, with nothing of this machine in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from archmend.kubeflow.runs import Package, Server, connected, load_package
from archmend.testing.pipelines import FakePipelines

VARIABLES = (
    "ARCHMEND_KUBEFLOW_NAMESPACE",
    "KF_PIPELINES_ENDPOINT",
    "KF_PIPELINES_SA_TOKEN_PATH",
    "KF_PIPELINES_TOKEN",
    "KF_PIPELINES_UI_ENDPOINT",
    "KUBERNETES_SERVICE_HOST",
    "SSL_CERT_FILE",
)
PARAMETERS = {
    "data": {"parameterType": "STRING"},
    "trials": {"parameterType": "NUMBER_INTEGER", "defaultValue": 5},
    "rate": {"parameterType": "NUMBER_DOUBLE", "defaultValue": 0.1},
    "deep": {"parameterType": "BOOLEAN", "defaultValue": False},
    "widths": {"parameterType": "LIST", "isOptional": True},
    "more": {"parameterType": "STRUCT", "isOptional": True},
}
SPEC: dict[str, Any] = {
    "pipelineInfo": {"name": "small", "description": "of two steps"},
    "schemaVersion": "2.1.0",
    "sdkVersion": "kfp-2.17.0",
    "root": {
        "inputDefinitions": {"parameters": PARAMETERS},
        "dag": {
            "tasks": {
                "first": {"cachingOptions": {"enableCache": True}, "componentRef": {"name": "comp-first"}},
                "inner": {"cachingOptions": {"enableCache": True}, "componentRef": {"name": "comp-inner"}},
            }
        },
    },
    "components": {
        "comp-first": {"executorLabel": "exec-first"},
        "comp-inner": {
            "dag": {
                "tasks": {
                    "second": {
                        "cachingOptions": {"enableCache": True},
                        "componentRef": {"name": "comp-first"},
                    }
                }
            }
        },
    },
}


class Clock:
    """A time that goes on by itself by so much a look, or when it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
        self.step = timedelta(0)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kube-context"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> Iterator[FakePipelines]:
    with FakePipelines(clock=clock) as running:
        yield running


@pytest.fixture
def server(fake: FakePipelines) -> Iterator[Server]:
    with connected(fake.url) as found:
        # There is no cluster behind the fake whose controller could be asked.
        found.time_zone = lambda: None
        yield found


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    return path


@pytest.fixture
def package(pipeline: Path) -> Package:
    return load_package(pipeline)
