"""GPU pods, scheduled on GPUs that the node only says it has."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client import ApiException
from tests.e2e.cluster import Cluster, step_of, until

RESOURCE = "nvidia.com/gpu"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def gpus(cluster: Cluster) -> Iterator[Any]:
    """Sets how many GPUs the node says it has; none at the end."""
    (node, *more) = cluster.core.list_node().items
    if more or RESOURCE in (node.status.capacity or {}):
        has = node.status.capacity.get(RESOURCE, "0")
        if more or has != "0":
            pytest.skip("this cluster has several nodes or GPUs of its own; the test makes some up")

    def say(count: int) -> None:
        path = RESOURCE.replace("/", "~1")
        parts = ("capacity", "allocatable")
        body = [{"op": "add", "path": f"/status/{part}/{path}", "value": str(count)} for part in parts]
        cluster.core.patch_node_status(node.metadata.name, body)

    yield say
    say(0)


def _trial_pods(cluster: Cluster, run_id: str) -> list[Any]:
    return cluster.pods(cluster.trial_labels(run_id))


def _log_of(step: str, cluster: Cluster, run_id: str) -> str:
    """Return what all tries of a step have printed."""
    log = ""
    for pod in cluster.pods(f"pipeline/runid={run_id}"):
        if step_of(pod) == step:
            with contextlib.suppress(ApiException):  # its container is not there yet
                name = pod.metadata.name
                log += cluster.core.read_namespaced_pod_log(name, cluster.namespace, container="main")
    return log


def test_two_gpus_are_two_trials_at_a_time(cluster: Cluster, gpus: Any) -> None:
    gpus(2)
    run_id = cluster.submit(
        "e2e-gpu-2", trial_gpus=1, trial_cpu="200m", workers=3, max_trials=3, seed=time.time_ns() % 10**6
    )
    most, asked, waited, end = 0, set(), "", time.monotonic() + 600
    while cluster.run(run_id).state not in ("SUCCEEDED", "FAILED", "CANCELED"):
        pods = _trial_pods(cluster, run_id)
        placed = [p for p in pods if p.spec.node_name and p.status.phase in ("Pending", "Running")]
        most = max(most, len(placed))
        asked |= {
            c.resources.limits.get(RESOURCE) for p in pods for c in p.spec.containers if c.name == "trial"
        }
        waited = _log_of("search", cluster, run_id) or waited
        assert time.monotonic() < end
        time.sleep(0.5)
    assert most == 2
    assert f"Insufficient {RESOURCE}" in waited, "of the third"
    assert asked == {"1"}
    # The made-up GPUs end the trials with a sentence of their own, rather than a slow training.
    run = cluster.run(run_id)
    assert run.state == "FAILED"


def test_without_a_gpu_the_component_says_what_is_waited_for(cluster: Cluster, gpus: Any) -> None:
    gpus(0)
    run_id = cluster.submit("e2e-gpu-0", trial_gpus=1, workers=2, max_trials=2, seed=time.time_ns() % 10**6)
    try:
        words = until(
            lambda: log if "waits" in (log := _log_of("search", cluster, run_id)) else "",
            300,
            "a sentence on what the trials wait for",
        )
        assert f"Insufficient {RESOURCE}" in words
        assert {pod.status.phase for pod in _trial_pods(cluster, run_id)} == {"Pending"}
    finally:
        cluster.pipelines.terminate_run(run_id)


def test_a_step_gets_its_gpu(cluster: Cluster, gpus: Any) -> None:
    gpus(1)
    run_id = cluster.submit("e2e-gpu-step", max_trials=1, repair_gpus="1", seed=7)
    run = cluster.wait(run_id)
    # Which TensorFlow does not see, so that the step refuses to train on the CPU in their place.
    assert run.state == "FAILED"
    assert "this repair asked for a GPU and TensorFlow sees none" in _log_of("repair", cluster, run_id)
    limits = {
        container.resources.limits[RESOURCE]
        for pod in cluster.pods(f"pipeline/runid={run_id}")
        for container in pod.spec.containers
        if container.name == "main" and step_of(pod) == "repair"
    }
    assert limits == {"1"}
