"""A real server on a free port and a real channel to it."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from tests.unit.kubeflow.suggestion.katib import Call, caller

from archmend.kubeflow.suggestion.server import SuggestionServer


@pytest.fixture(scope="module")
def channel() -> Iterator[grpc.Channel]:
    server = SuggestionServer(0)
    server.start()
    with grpc.insecure_channel(f"localhost:{server.port}") as opened:
        yield opened
    server.stop(1)


@pytest.fixture(scope="module")
def call(channel: grpc.Channel) -> Call:
    return caller(channel)
