"""A real cluster with Kubeflow, or a skip that says what is missing."""

from __future__ import annotations

import base64
import os
import warnings

import pytest
from tests.e2e.cluster import Cluster, host

NAMESPACE = os.environ.get("ARCHMEND_E2E_NAMESPACE", "kubeflow")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    kubernetes = pytest.importorskip("kubernetes", reason="the extra kubeflow is not installed")
    kfp = pytest.importorskip("kfp")
    try:
        kubernetes.config.load_kube_config()
    except kubernetes.config.ConfigException as error:
        pytest.skip(f"no kube context: {error}")
    core = kubernetes.client.CoreV1Api()
    try:
        core.read_namespaced_service("ml-pipeline", NAMESPACE, _request_timeout=5)
    except Exception as error:
        pytest.skip(f"no Kubeflow Pipelines in namespace {NAMESPACE}: {type(error).__name__}")
    from archmend.kubeflow.katib.client import KatibClient

    with warnings.catch_warnings():
        # That it is for version 2, which is what we want.
        warnings.simplefilter("ignore", FutureWarning)
        client = kfp.Client(host=host(core, NAMESPACE))
    return Cluster(
        NAMESPACE,
        client,
        KatibClient(NAMESPACE),
        core,
        kubernetes.client.CustomObjectsApi(),
        kubernetes.client.RbacAuthorizationV1Api(),
    )


@pytest.fixture
def store(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give this process the keys and the address that the pods have, and return the address."""
    secret = cluster.core.read_namespaced_secret("mlpipeline-minio-artifact", NAMESPACE).data
    service = cluster.core.read_namespaced_service("minio-service", NAMESPACE)
    address = os.environ.get("ARCHMEND_E2E_STORE", f"http://{service.spec.cluster_ip}:9000")
    monkeypatch.setenv("MINIO_ENDPOINT", address)
    monkeypatch.setenv("MINIO_ACCESS_KEY", base64.b64decode(secret["accesskey"]).decode())
    monkeypatch.setenv("MINIO_SECRET_KEY", base64.b64decode(secret["secretkey"]).decode())
    return address
