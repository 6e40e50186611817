"""The namespace enforces the restricted Pod Security Standard: a whole run goes through as ever."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from tests.e2e.cluster import Cluster

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
LABEL = "pod-security.kubernetes.io/enforce"


@pytest.fixture
def restricted(cluster: Cluster) -> Iterator[None]:
    before = (cluster.core.read_namespace(cluster.namespace).metadata.labels or {}).get(LABEL)

    def label(value: str | None) -> None:
        cluster.core.patch_namespace(cluster.namespace, {"metadata": {"labels": {LABEL: value}}})

    label("restricted")
    yield
    label(before)


@pytest.mark.usefixtures("restricted")
def test_a_whole_run_of_restricted_pods(cluster: Cluster) -> None:
    run_id = cluster.submit("e2e-restricted", max_trials=2, seed=time.time_ns() % 10**6)
    run = cluster.wait(run_id)
    assert run.state == "SUCCEEDED", run.error
    # The trials' own containers: nothing to write to but /tmp.
    trials = cluster.pods(cluster.trial_labels(run_id))
    assert trials
    for pod in trials:
        for container in pod.spec.containers:
            if container.name == "trial":
                assert container.security_context.read_only_root_filesystem
                assert [mount.mount_path for mount in container.volume_mounts][:1] == ["/tmp"]
