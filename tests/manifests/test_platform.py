"""The kind overlay on the public manifests that it names, where git has them on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from kind import pins
from tests.manifests.conftest import MANIFESTS, Objects, Render

Find = Callable[[str, str], dict[str, Any]]


def _find(objects: Objects) -> Find:
    def found(kind: str, name: str) -> dict[str, Any]:
        (each,) = [e for e in objects if e["kind"] == kind and e["metadata"]["name"] == name]
        return each

    return found


@pytest.fixture
def pipelines(mirrors: None, render: Render) -> Objects:
    return render(MANIFESTS / "overlays/kind/pipelines")


@pytest.fixture
def katib(mirrors: None, render: Render) -> Objects:
    return render(MANIFESTS / "overlays/kind/katib")


def _environment(deployment: dict[str, Any]) -> dict[str, Any]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    names = [each["name"] for each in container["env"]]
    assert len(names) == len(set(names)), "a variable stands twice"
    return {each["name"]: each.get("value") for each in container["env"]}


def test_everything_points_at_minio(pipelines: Objects) -> None:
    find = _find(pipelines)

    assert "seaweedfs" not in yaml.safe_dump_all(pipelines)
    api = _environment(find("Deployment", "ml-pipeline"))
    assert (api["OBJECTSTORECONFIG_HOST"], api["OBJECTSTORECONFIG_PORT"]) == (
        "minio-service.kubeflow",
        "9000",
    )
    ui = _environment(find("Deployment", "ml-pipeline-ui"))
    argo = find("ConfigMap", "workflow-controller-configmap")["data"]
    repository = yaml.safe_load(argo["artifactRepository"])["s3"]
    assert (ui["MINIO_HOST"], ui["ARGO_KEYFORMAT"]) == ("minio-service", repository["keyFormat"])
    assert repository["endpoint"] == "minio-service.kubeflow.svc:9000"
    launcher = find("ConfigMap", "kfp-launcher")["data"]
    store = yaml.safe_load(launcher["providers"])["minio"]["default"]
    assert store["endpoint"] == repository["endpoint"]
    assert launcher["defaultPipelineRoot"].startswith(f"minio://{repository['bucket']}/")


def test_its_well_known_key_is_gone(pipelines: Objects) -> None:
    secrets = [each["metadata"]["name"] for each in pipelines if each["kind"] == "Secret"]

    assert secrets == ["mysql-secret"], "of a database without a password, inside the cluster"
    assert "minio123" not in yaml.safe_dump_all(pipelines)


def test_the_api_server_finds_the_address_that_it_does_not_start_without(pipelines: Objects) -> None:
    """It reads ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST, which Kubernetes makes of the Service."""
    find = _find(pipelines)

    assert find("Service", "ml-pipeline-visualizationserver")
    deployments = {each["metadata"]["name"] for each in pipelines if each["kind"] == "Deployment"}
    assert "ml-pipeline-visualizationserver" not in deployments


def test_a_tasks_own_retries_count(pipelines: Objects) -> None:
    argo = _find(pipelines)("ConfigMap", "workflow-controller-configmap")["data"]

    defaults = yaml.safe_load(argo["workflowDefaults"])["spec"]["templateDefaults"]
    # A whole DAG, which fails without a message, is not repeated.
    expected = {"limit": "2", "retryPolicy": "Always", "expression": 'lastRetry.message != ""'}
    assert defaults == {"retryStrategy": expected}


def test_katibs_own_pods_do_without_its_webhook(katib: Objects) -> None:
    hooks = _find(katib)("MutatingWebhookConfiguration", "katib.kubeflow.org")["webhooks"]
    (pods,) = [each for each in hooks if each["name"] == "mutator.pod.katib.kubeflow.org"]

    wanted = {"key": "katib.kubeflow.org/component", "operator": "DoesNotExist"}
    assert pods["objectSelector"]["matchExpressions"] == [wanted]
    # What stood there still does: the patch added to the entry and replaced none.
    assert pods["rules"][0]["resources"] == ["pods"]
    assert pods["namespaceSelector"]


def test_the_namespace_takes_the_collector_and_stands_once(mirrors: None, render: Render) -> None:
    everything = render(MANIFESTS / "overlays/kind")

    labels = _find(everything)("Namespace", "kubeflow")["metadata"]["labels"]
    assert labels["katib.kubeflow.org/metrics-collector-injection"] == "enabled"
    assert _find(everything)("Job", "archmend-install-suggestions")
    assert _find(everything)("Deployment", "katib-controller")


def test_what_the_manifests_name_is_pinned() -> None:
    named: set[tuple[str, str]] = set()
    for file in MANIFESTS.glob("overlays/kind/*/kustomization.yaml"):
        for repository, commit in re.findall(
            r"(https://github\.com/[^/]+/[^/]+)/.*ref=([^&\s]+)", file.read_text()
        ):
            named.add((repository, commit))

    assert named == {(repository, commit) for repository, (_, commit) in pins.COMMITS.items()}
    assert pins.MINIO in (MANIFESTS / "components/minio/server.yaml").read_text()
    commits = [*(commit for _, commit in pins.COMMITS.values()), *pins.TAGS.values()]
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in commits)
    assert re.search(r"@sha256:[0-9a-f]{64}$", pins.NODE)
