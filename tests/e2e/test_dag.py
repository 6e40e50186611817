"""The whole DAG on a real Kubeflow: search by Katib, artifacts in MinIO, a version in the registry."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import pytest
from tests.e2e.cluster import Cluster

from archmend.registry import Registry
from archmend.steps.records import TrialRecord
from archmend.storage import list_objects, read_bytes, write_bytes

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
STEPS = ("fingerprint", "prepare-data", "search", "repair", "evaluate", "register")
CACHED = {"prepare-data", "search", "repair", "evaluate", "register"}


def trials_of(cluster: Cluster, run_id: str) -> list[TrialRecord]:
    """Return the trials.jsonl that a run's search left in the object store."""
    root = f"minio://mlpipeline/v2/artifacts/archmend/{run_id}/search"
    (found,) = [entry.uri for entry in list_objects(root) if entry.uri.endswith("/trials.jsonl")]
    return [TrialRecord.model_validate_json(line) for line in read_bytes(found).splitlines()]


def cached(cluster: Cluster, run_id: str) -> set[str]:
    """Return the steps that a run took from the cache."""
    assert set(STEPS) <= set(cluster.states(run_id))
    return set(STEPS) - {step.replace("_", "-") for step in cluster.executed(run_id)}


@pytest.mark.usefixtures("store")
def test_eight_trials_two_at_a_time_by_our_own_service(cluster: Cluster) -> None:
    name = f"e2e-{time.time_ns()}"
    now = int(time.time())  # of this run alone: nothing is cached, and all its artifacts are its own
    run_id = cluster.submit(name, name=name, max_trials=8, workers=2, seed=now, split_seed=now)
    run = cluster.wait(run_id, 900)
    assert run.state == "SUCCEEDED", run.error

    trials = trials_of(cluster, run_id)
    assert [t.status for t in trials] == ["succeeded"] * 8
    assert sorted(t.trial for t in trials) == list(range(8))
    assert len({t.architecture for t in trials}) == 8
    experiment = cluster.katib.experiment(cluster.experiment_of(run_id))
    assert experiment is not None
    assert experiment["spec"]["parallelTrialCount"] == 2
    assert experiment["spec"]["algorithm"]["algorithmName"] == "archmend-auto"

    stored = [e.uri for e in list_objects(f"minio://mlpipeline/v2/artifacts/archmend/{run_id}")]
    for wanted in ("model.keras", "evaluation.json", "best.json", "data.json", "/report", "/summary"):
        assert any(uri.endswith(wanted) for uri in stored), wanted
    registry = Registry("minio://archmend-registry/models")
    version = registry.show(name)
    assert registry.verify(name, version.version).ok
    assert version.lineage.links["run"] == run_id
    assert version.lineage.links["experiment"] == cluster.experiment_of(run_id)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("strategy", ["katib-tpe", "katib-random"])
def test_katib_own_algorithms(cluster: Cluster, strategy: str) -> None:
    run_id = cluster.submit(f"e2e-{strategy}", strategy=strategy, max_trials=4, workers=2, seed=1)
    assert cluster.wait(run_id).state == "SUCCEEDED"
    trials = trials_of(cluster, run_id)
    assert sorted(t.trial for t in trials) == [0, 1, 2, 3]
    assert all(t.status == "succeeded" for t in trials)


@pytest.mark.usefixtures("store")
def test_what_is_cached_and_what_is_not(cluster: Cluster) -> None:
    """The same run twice, other data under the same address, and another image."""
    uri = f"minio://archmend/data/e2e-{time.time_ns()}.npz"
    rng = np.random.default_rng(0)

    def upload(seed_row: float) -> None:
        x = rng.normal(size=(300, 8)).astype(np.float32)
        y = (x[:, 0] + x[:, 1] > seed_row).astype(np.int64)
        write_bytes(uri, npz(x, y))

    given: dict[str, Any] = {"data": uri, "max_trials": 2, "seed": 3, "name": "e2e-cache"}
    upload(0.0)
    first = cluster.submit("e2e-cache-1", **given)
    assert cluster.wait(first).state == "SUCCEEDED"
    second = cluster.submit("e2e-cache-2", **given)
    assert cluster.wait(second).state == "SUCCEEDED"
    assert cached(cluster, first) == set()
    assert cached(cluster, second) == CACHED
    upload(0.2)
    third = cluster.submit("e2e-cache-3", **given)
    assert cluster.wait(third).state == "SUCCEEDED"
    assert cached(cluster, third) == set()


@pytest.mark.usefixtures("store")
def test_another_image_is_other_work(cluster: Cluster) -> None:
    """The image that ARCHMEND_E2E_OTHER_IMAGE names: the same one under another tag will do."""
    image = os.environ.get("ARCHMEND_E2E_OTHER_IMAGE")
    if not image:
        pytest.skip("ARCHMEND_E2E_OTHER_IMAGE names no second image that the nodes have")
    given: dict[str, Any] = {"data": "digits", "max_trials": 1, "seed": 4, "name": "e2e-image"}
    given["split_seed"] = int(time.time())  # of this test alone: nothing is cached yet
    first, other = (
        cluster.submit("e2e-image-1", **given),
        cluster.submit("e2e-image-2", **given, image=image),
    )
    for run_id in (first, other):
        assert cluster.wait(run_id).state == "SUCCEEDED"
        assert cached(cluster, run_id) == set()
    again = cluster.submit("e2e-image-3", **given, image=image)
    assert cluster.wait(again).state == "SUCCEEDED"
    assert cached(cluster, again) == CACHED


def test_a_step_that_fails_says_why(cluster: Cluster, store: str) -> None:
    run_id = cluster.submit("e2e-fails", data="minio://archmend/data/not-there.npz")
    run = cluster.wait(run_id, 600)
    assert run.state == "FAILED"
    states = cluster.states(run_id)
    assert states["summarize"] == "SUCCEEDED"
    root = f"minio://mlpipeline/v2/artifacts/archmend/{run_id}"
    logs = [read_bytes(e.uri).decode() for e in list_objects(root) if "/fingerprint/" in e.uri]
    assert any("not-there.npz" in log for log in logs)
    (summary,) = [e.uri for e in list_objects(root) if e.uri.endswith("/summary")]
    assert "state: FAILED" in read_bytes(summary).decode()


def npz(x: np.ndarray, y: np.ndarray) -> bytes:
    import io

    buffer = io.BytesIO()
    np.savez(buffer, x=x, y=y)
    return buffer.getvalue()
