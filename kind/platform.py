"""The stages that bring Kubeflow to a cluster, whichever the current context is."""

from __future__ import annotations

import json
import secrets
from typing import Any

import yaml
from kind.shell import NAMESPACE, ROOT, Failed, found, kubectl, need, stage, wait_for

OVERLAY = ROOT / "manifests/overlays/kind"
READY_SECONDS = 900
JOB_SECONDS = 300


def up() -> None:
    """Install or refresh everything that a run needs."""
    with stage("context"):
        need("kubectl", "see https://kubernetes.io/docs/tasks/tools")
        context = kubectl("config", "current-context").strip()
        print(f"   {context}: Kubernetes {_version()}")
    with stage("keys"):
        make_keys()
    with stage("pipelines"):
        apply("pipelines")
    with stage("katib"):
        apply("katib")
    with stage("buckets"):
        # The store may still be on its way; and the Job is gone some minutes after its end.
        finish("archmend-buckets", READY_SECONDS)
    with stage("ready"):
        wait_for("pods are not ready", ready, READY_SECONDS)
    with stage("archmend"):
        apply("archmend")
        finish("archmend-install-suggestions")
        wait_for("Katib's controller is not ready", ready, 120)


def _version() -> str:
    version: str = json.loads(kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
    return version


def make_keys() -> None:
    """Make the object store's keys where there are none.

    They go to kubectl through its standard input: nothing is written and no process list shows them.
    """
    if found("namespace", NAMESPACE) is None:
        kubectl("create", "namespace", NAMESPACE)
    name = "mlpipeline-minio-artifact"
    if found("secret", name, "-n", NAMESPACE) is not None:
        return
    labels = {"app.kubernetes.io/part-of": "archmend"}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    keys = {"accesskey": "archmend", "secretkey": secrets.token_hex(16)}
    send([{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": keys}])


def apply(part: str) -> None:
    """Render a part of the kind overlay and apply it; Jobs are made anew.

    Katib's configuration stays where it is of this version: our entries are in it, and taking them out for
    a moment would restart its controller.
    """
    rendered = kubectl("kustomize", str(OVERLAY / part))
    objects = [each for each in yaml.safe_load_all(rendered) if each and not _kept(each)]
    for each in objects:
        if each["kind"] == "Job":
            kubectl("delete", "job", each["metadata"]["name"], "-n", NAMESPACE, "--ignore-not-found")
    send(objects)
    print(f"   {len(objects)} objects")


def _kept(each: dict[str, Any]) -> bool:
    kind, name = each["kind"], each["metadata"]["name"]
    return (kind, name) == ("ConfigMap", "katib-config") and stays(
        found("configmap", name, "-n", NAMESPACE), each
    )


def stays(live: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether Katib's configuration in the cluster has all images of the wanted one."""
    return live is not None and _images(live) >= _images(wanted)


def _images(config: dict[str, Any]) -> set[str]:
    runtime = yaml.safe_load(config["data"]["katib-config.yaml"])["runtime"]
    return {each["image"] for entries in runtime.values() for each in entries}


def send(objects: list[dict[str, Any]]) -> None:
    """Apply objects as the server merges them."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=text)


def ready() -> bool:
    """Whether all pods of the namespace's Deployments are ready, in their newest form."""
    for deployment in found("deployments", "-n", NAMESPACE)["items"]:
        wanted, status = deployment["spec"]["replicas"], deployment["status"]
        seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        counts = (status.get("updatedReplicas", 0), status.get("readyReplicas", 0), status.get("replicas", 0))
        if not seen or set(counts) - {wanted}:
            return False
    return True


def finish(job: str, seconds: float = JOB_SECONDS) -> None:
    """Wait for a Job that was applied; what it printed last is the reason where it fails."""

    def ended() -> bool:
        there = found("job", job, "-n", NAMESPACE)
        if there is None:
            # Kubernetes removes it only once it has ended; one that fails does so for longer than we wait.
            return True
        conditions = there.get("status", {}).get("conditions", [])
        states = {each["type"] for each in conditions if each["status"] == "True"}
        if "Failed" in states:
            raise Failed(f"Job {job}: {_last_lines(job)}")
        return "Complete" in states

    wait_for(lambda: f"Job {job} has not ended: {_last_lines(job)}", ended, seconds)
    for line in _last_lines(job).splitlines():
        print(f"   {line}")


def _last_lines(job: str) -> str:
    try:
        return kubectl("logs", f"job/{job}", "-n", NAMESPACE, "--tail=5").strip()
    except Failed:
        return "it has no log (any more)"
