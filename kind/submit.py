"""Submits a small run, waits for it, and says where to look at it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from kind.shell import NAMESPACE, found, kubectl, run, stage

NODE_PORT = 31380


def address() -> str:
    """Return the address of the pipelines' user interface from this machine."""
    if kubectl("config", "current-context").strip() == "kind-archmend":
        return "http://localhost:8080"
    ports = found("service", "ml-pipeline-ui", "-n", NAMESPACE)["spec"]["ports"]
    if not any(port.get("nodePort") == NODE_PORT for port in ports):
        return (
            f"kubectl port-forward -n {NAMESPACE} service/ml-pipeline-ui 8080:80, then http://localhost:8080"
        )
    addresses = found("nodes")["items"][0]["status"]["addresses"]
    internal = next(each["address"] for each in addresses if each["type"] == "InternalIP")
    return f"http://{internal}:{NODE_PORT}"


def submit(parameters: Sequence[str]) -> None:
    """Run the pipeline on the cluster with parameters `name=value`, and wait for its end."""
    print(f"the pipelines' user interface: {address()}")
    with stage("run"):
        given = [part for parameter in parameters for part in ("--param", parameter)]
        archmend = str(Path(sys.executable).parent / "archmend")
        run(archmend, "pipeline", "submit", "--namespace", NAMESPACE, "--wait", *given, quiet=False)
