"""A namespace of its own: restricted pods, our Role, and the store's address and keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kind.shell import ROOT
from tests.e2e.cluster import Cluster

ACCOUNT = "component"
SECRET = "mlpipeline-minio-artifact"
LABELS = {
    "app.kubernetes.io/part-of": "archmend-e2e",
    "pod-security.kubernetes.io/enforce": "restricted",
    "katib.kubeflow.org/metrics-collector-injection": "enabled",
}


@dataclass(frozen=True)
class Tenant:
    """A namespace, and a kubeconfig of the account in it that has our Role and nothing else."""

    cluster: Cluster
    namespace: str
    kubeconfig: Path

    def grant(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Give the account these rights in place of what it has."""
        body = {"metadata": {"name": ACCOUNT}, "rules": list(rules)}
        self.cluster.rights.replace_namespaced_role(ACCOUNT, self.namespace, body)


def component_rules() -> list[dict[str, Any]]:
    """Return the rules of the Role in manifests/base."""
    documents = yaml.safe_load_all((ROOT / "manifests/base/component.yaml").read_text())
    (role,) = [each for each in documents if each["kind"] == "Role"]
    return role["rules"]


@contextmanager
def tenant(cluster: Cluster, name: str, folder: Path) -> Iterator[Tenant]:
    """Make the namespace, and remove it with everything in it at the end.

    Args:
        cluster: to make it in.
        name: of the namespace.
        folder: for the kubeconfig.
    """
    core, rights = cluster.core, cluster.rights
    core.create_namespace({"metadata": {"name": name, "labels": LABELS}})
    try:
        core.create_namespaced_service_account(name, {"metadata": {"name": ACCOUNT}})
        rights.create_namespaced_role(name, {"metadata": {"name": ACCOUNT}, "rules": component_rules()})
        subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": name}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT}
        binding = {"metadata": {"name": ACCOUNT}, "subjects": [subject], "roleRef": reference}
        rights.create_namespaced_role_binding(name, binding)
        keys = core.read_namespaced_secret(SECRET, cluster.namespace).data
        core.create_namespaced_secret(name, {"metadata": {"name": SECRET}, "data": keys})
        address = {"endpoint": f"http://minio-service.{cluster.namespace}:9000", "region": "us-east-1"}
        core.create_namespaced_config_map(name, {"metadata": {"name": "archmend"}, "data": address})
        yield Tenant(cluster, name, _kubeconfig(cluster, name, folder))
    finally:
        core.delete_namespace(name)


def _kubeconfig(cluster: Cluster, namespace: str, folder: Path) -> Path:
    """Write a kubeconfig with a token of the account, beside the current one's address and authority."""
    asked = {"spec": {"expirationSeconds": 3600, "audiences": []}}
    token = cluster.core.create_namespaced_service_account_token(ACCOUNT, namespace, asked).status.token
    text = subprocess.run(
        ["kubectl", "config", "view", "--raw", "--minify", "--flatten", "-o", "yaml"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    config = yaml.safe_load(text)
    config["users"] = [{"name": ACCOUNT, "user": {"token": token}}]
    config["contexts"][0]["context"] |= {"user": ACCOUNT, "namespace": namespace}
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path
