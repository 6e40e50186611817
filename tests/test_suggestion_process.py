"""`archmend serve-suggestion` as a process: its start, its health, its end, and what it does not load."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.unit.kubeflow.suggestion.katib import Controller, caller, experiment

from archmend.kubeflow.suggestion import HEALTH, PORT
from archmend.kubeflow.suggestion import api_pb2 as api

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@contextmanager
def service(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the command and give the process and its port once it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "archmend", "serve-suggestion", "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"serving on port (\d+)", line)
        assert found, line
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def slow_request() -> api.GetSuggestionsRequest:
    """Return a request that takes some seconds: a thousand suggestions to replay, and a thousand more."""
    limits = {"max_params": "5000", "max_flops": "10000"}
    made = experiment(space="fc", **limits)
    return api.GetSuggestionsRequest(experiment=made, current_request_number=1000, total_request_number=2000)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_what_runs(number: signal.Signals) -> None:
    with service() as (process, port), grpc.insecure_channel(f"localhost:{port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        assert health.Check(health_pb2.HealthCheckRequest(service=HEALTH), timeout=10).status == SERVING
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=10).status == SERVING
        watched = health.Watch(health_pb2.HealthCheckRequest(service=HEALTH), timeout=60)
        assert next(watched).status == SERVING
        call = caller(channel)
        running = call.future(slow_request(), timeout=60)  # type: ignore[attr-defined]
        # One that is answered while the slow one runs shows that the slow one has begun.
        Controller(call, experiment()).ask(1)
        assert not running.done()
        process.send_signal(number)
        assert next(watched).status == NOT_SERVING
        assert health.Check(health_pb2.HealthCheckRequest(service=HEALTH), timeout=10).status == NOT_SERVING
        with pytest.raises(grpc.RpcError) as refused:
            call(slow_request(), timeout=60)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        assert len(running.result().parameter_assignments) == 1000
        assert process.wait(20) == 0


def test_a_client_that_goes_away_is_not_worked_for() -> None:
    with service() as (process, port), grpc.insecure_channel(f"localhost:{port}") as channel:
        with pytest.raises(grpc.RpcError) as late:
            caller(channel)(slow_request(), timeout=0.3)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "nobody waits for this answer" in log


def test_a_taken_port_is_said_in_one_sentence() -> None:
    with service() as (_, port):
        second = subprocess.run(
            [sys.executable, "-m", "archmend", "serve-suggestion", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode == 4
    assert second.stderr.splitlines()[-1].startswith(f"archmend: port {port} cannot be taken")


def test_neither_tensorflow_nor_kfp_is_loaded() -> None:
    code = (
        "import sys\n"
        "import archmend.kubeflow.suggestion.server\n"
        "from archmend.search import strategy_names\n"
        "strategy_names()\n"
        "heavy = {'tensorflow', 'keras', 'kfp', 'kubernetes', 'pandas', 'sklearn', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_missing_grpc_is_named_with_its_extra() -> None:
    code = (
        "import sys\n"
        "sys.modules['grpc'] = None\n"
        "from archmend.cli import main\n"
        "main(['serve-suggestion', '--port', '0'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install 'archmend[suggestion]'" in done.stderr


def test_katib_looks_for_the_default_port() -> None:
    assert (PORT, HEALTH) == (6789, "manager.v1beta1.Suggestion")
