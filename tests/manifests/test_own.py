"""Our own manifests: they render, fit Kubernetes' schema, and ask for no more than they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kind.shell import ROOT
from tests.manifests.conftest import MANIFESTS, Objects, Render
from tests.manifests.schema import known, problems

OWN = (
    "base",
    "overlays/kind/archmend",
    "overlays/kubeflow-platform",
    "overlays/production",
    "overlays/production/katib",
)
COMPONENTS = ("components/minio", "components/katib-suggestion", "components/katib-gc", "components/gpu")


ASKS_KUBERNETES = ("archmend-install-suggestions", "archmend-katib-gc")


@pytest.fixture(params=[*OWN, *COMPONENTS])
def objects(request: pytest.FixtureRequest, render: Render, together: Callable[..., Objects]) -> Objects:
    if request.param in COMPONENTS:
        return together(request.param)
    return render(MANIFESTS / request.param)


def _pods(objects: Objects) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in objects:
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]
        elif each["kind"] == "CronJob":
            yield each["metadata"]["name"], each["spec"]["jobTemplate"]["spec"]["template"]


def test_they_fit_the_schema(objects: Objects) -> None:
    assert [line for each in objects if known(each) for line in problems(each)] == []


def test_the_schema_finds_mistakes() -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"template": {"spec": {"containers": [{"image": "a", "resouces": {}}]}}, "backoffLimit": "6"},
    }

    found = "\n".join(problems(job))

    assert "resouces: no field of V1Container" in found
    assert "backoffLimit: '6' is no int" in found
    assert "Invalid value for `name`" in found


def test_every_object_is_ours_by_label(objects: Objects) -> None:
    for each in objects:
        assert each["metadata"]["labels"]["app.kubernetes.io/part-of"] == "archmend", each["metadata"]


def test_no_secret_is_in_them(objects: Objects) -> None:
    assert not [each for each in objects if each["kind"] == "Secret"]
    for name, pod in _pods(objects):
        for container in pod["spec"]["containers"]:
            for variable in container.get("env", []):
                secret = any(word in variable["name"] for word in ("KEY", "SECRET", "PASSWORD", "USER"))
                assert not (secret and "value" in variable), (name, variable)


def test_every_pod_meets_the_restricted_standard(objects: Objects) -> None:
    """And more: no root file system to write to, /tmp of its own, limits, no token that it does not use."""
    for name, pod in _pods(objects):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret", "projected"}
        assert all(set(volume) - {"name"} <= allowed for volume in spec["volumes"]), name
        for container in spec["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]], name
            assert "memory" in container["resources"]["limits"], name
            assert ":" in container["image"], f"{name} takes whatever is newest"
        assert spec["automountServiceAccountToken"] is (name in ASKS_KUBERNETES), name


def test_a_job_can_be_applied_again(objects: Objects) -> None:
    for each in objects:
        if each["kind"] == "Job":
            assert each["spec"]["ttlSecondsAfterFinished"] <= 600, each["metadata"]["name"]


def test_the_images_stand_in_one_place(together: Callable[..., Objects], tmp_path: Path) -> None:
    """A digest in the ConfigMap, by a component that comes first, is the image of every Job."""
    digest = "@sha256:" + "0" * 64
    data = {"image": f"here/archmend{digest}", "suggestionImage": f"here/suggestion{digest}"}
    change = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "archmend"}, "data": data}
    images = tmp_path / "images"
    images.mkdir()
    patch = {"patch": yaml.safe_dump(change), "target": {"kind": "ConfigMap", "name": "archmend"}}
    component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", "patches": [patch]}
    (images / "kustomization.yaml").write_text(yaml.safe_dump(component))

    text = yaml.safe_dump_all(together(str(images), *COMPONENTS))

    assert "ghcr.io/archmend" not in text
    assert text.count(f"here/archmend{digest}") == 4
    assert text.count(f"here/suggestion{digest}") == 2


def test_the_versions_are_those_of_the_package() -> None:
    from kind.images import TARGETS

    config = yaml.safe_load((MANIFESTS / "base/config/config.yaml").read_text())["data"]

    assert config["image"] == TARGETS["runtime"]
    assert config["suggestionImage"] == TARGETS["suggestion"]
    dockerfile = (ROOT / "docker/Dockerfile").read_text()
    for image in TARGETS.values():
        assert f"-t {image} ." in dockerfile


def test_roles_name_what_they_change(objects: Objects) -> None:
    """No wildcard anywhere, and what changes another's objects names them."""
    for each in objects:
        for rule in each.get("rules", []):
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]
            assert "secrets" not in rule["resources"]
            if set(rule["resources"]) & {"configmaps", "deployments"}:
                assert rule["resourceNames"], rule


@pytest.mark.parametrize(
    ("overlay", "restricted"),
    [
        ("overlays/kind/archmend", True),
        ("overlays/kubeflow-platform", False),
        ("overlays/production/katib", True),
    ],
)
def test_somebody_elses_katib_is_changed_only_where_it_is_said(
    render: Render, overlay: str, restricted: bool
) -> None:
    (job,) = [each for each in render(MANIFESTS / overlay) if each["kind"] == "Job"]
    (container,) = job["spec"]["template"]["spec"]["containers"]

    assert job["metadata"]["namespace"] == "kubeflow"
    assert ("--restricted" in container["command"]) is restricted


@pytest.mark.parametrize(
    ("overlay", "account"),
    [("overlays/kubeflow-platform/profile", "default-editor"), ("base", "pipeline-runner")],
)
def test_the_role_goes_to_the_account_that_runs_pipelines(render: Render, overlay: str, account: str) -> None:
    objects = render(MANIFESTS / overlay)
    binding = next(each for each in objects if each["kind"] == "RoleBinding")
    namespace = binding["metadata"].get("namespace", "kubeflow")

    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": namespace}]


def test_the_quota_keeps_below_what_disruptions_wait_for(render: Render) -> None:
    objects = {each["kind"]: each for each in render(MANIFESTS / "overlays/production")}

    pods = int(objects["ResourceQuota"]["spec"]["hard"]["pods"])
    assert objects["PodDisruptionBudget"]["spec"]["minAvailable"] > pods
    assert objects["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
