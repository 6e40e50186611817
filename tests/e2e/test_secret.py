"""The store's secret key stands in its Secret, and in nothing else that the cluster or the store shows."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator

import pytest
from kind.shell import ROOT
from tests.e2e.cluster import Cluster

from archmend.storage import list_objects, read_bytes

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
BUCKETS = ("mlpipeline", "archmend", "archmend-registry")


def _kubectl(*arguments: str) -> str:
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def _objects_of_the_cluster() -> Iterator[tuple[str, str]]:
    kinds = _kubectl("api-resources", "--verbs=list", "-o", "name").split()
    for kind in kinds:
        if kind != "secrets":
            yield kind, _kubectl("get", kind, "-A", "-o", "json")


def _logs(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for pod in cluster.core.list_namespaced_pod(cluster.namespace).items:
        name = pod.metadata.name
        yield f"log of {name}", _kubectl("logs", name, "-n", cluster.namespace, "--all-containers")


@pytest.mark.usefixtures("store")
def test_the_secret_key_is_nowhere(cluster: Cluster) -> None:
    """After the runs of the other tests: objects, logs, artifacts and compiled files are read."""
    held = cluster.core.read_namespaced_secret("mlpipeline-minio-artifact", cluster.namespace).data
    secret = base64.b64decode(held["secretkey"])
    assert len(secret) == 32, "a random key, as kind/platform.py makes it"
    forms = (secret, base64.b64encode(secret).rstrip(b"="), held["secretkey"].encode())

    def found(where: str, data: bytes) -> list[str]:
        return [where] if any(form in data for form in forms) else []

    shown, looked = [], 0
    for where, text in [*_objects_of_the_cluster(), *_logs(cluster)]:
        shown += found(where, text.encode())
        looked += bool(text)
    for bucket in BUCKETS:
        for entry in list_objects(f"minio://{bucket}/"):
            shown += found(entry.uri, read_bytes(entry.uri))
            looked += 1
    for path in [*ROOT.glob("pipelines/*.yaml"), *ROOT.glob("manifests/**/*.yaml")]:
        shown += found(str(path), path.read_bytes())
    assert looked > 100, json.dumps(looked)
    assert shown == []
