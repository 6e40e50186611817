"""The way to Kubeflow Pipelines: a host, the cluster this runs in, or a port-forward by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from archmend.errors import BadInput
from archmend.kubeflow.kube import in_pod, pod_namespace
from archmend.kubeflow.runs.cluster import PORT, SERVICE, Cluster
from archmend.kubeflow.runs.credentials import token_source
from archmend.kubeflow.runs.forward import Forward
from archmend.kubeflow.runs.links import Links
from archmend.kubeflow.runs.server import Server

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that a port-forward of the kube context's cluster has."""


@contextmanager
def connected(
    host: str = "",
    *,
    namespace: str = "",
    token: str = "",
    token_file: Path | None = None,
    ui: str = "",
) -> Iterator[Server]:
    """Give Kubeflow Pipelines for the time of a block.

    Without a host it is that of KF_PIPELINES_ENDPOINT; in a pod, the service of its cluster; elsewhere the
    current kube context's, by a port-forward that ends with the block. There, Kubeflow Pipelines is looked
    for in namespace ARCHMEND_KUBEFLOW_NAMESPACE, kubeflow unless set.

    Args:
        host: address with http:// or https://, with the path before /apis if there is one.
        namespace: the profile in multi-user mode; a pod's own unless given.
        token: for multi-user mode.
        token_file: that holds it; see `token_source` for what else is looked at.
        ui: address of the user interface, for links; KF_PIPELINES_UI_ENDPOINT, or the host, unless given.

    Raises:
        MissingExtra: kfp or the Kubernetes client is not installed.
        BadInput: no host and no kube context, an address that is none, a namespace that cannot be, a token
            file that cannot be read.
        Unavailable: nothing answers, or refuses the token.
    """
    source = token_source(token, token_file)
    ui = _address(ui, "--ui", "KF_PIPELINES_UI_ENDPOINT")
    host = _address(host, "--host", "KF_PIPELINES_ENDPOINT").removesuffix("/apis/v2beta1")
    installed = os.environ.get("ARCHMEND_KUBEFLOW_NAMESPACE", "kubeflow")
    own = pod_namespace()

    inside = f"http://{SERVICE}.{installed}.svc:{PORT}"
    if not host and in_pod():
        host = inside
    if host:

        def time_zone() -> str | None:
            # Of a host elsewhere this cluster knows nothing.
            if host != inside and urlsplit(host).hostname not in _HERE:
                return None
            try:
                return Cluster(installed).time_zone()
            except BadInput:
                return None

        links = Links(ui, host, forwarded=False, namespace=installed)
        server = Server(host, links, token=source, time_zone=time_zone)
        server.greet(namespace, own, installed)
        yield server
        return
    cluster = Cluster(installed)
    cluster.pod()
    with Forward(cluster.channel) as forward:
        local = f"http://localhost:{forward.port}"
        links = Links(ui, local, forwarded=True, namespace=installed)
        where = f"service {SERVICE} in namespace {installed}"
        server = Server(local, links, token=source, where=where, time_zone=cluster.time_zone)
        server.greet(namespace, own, installed)
        yield server


def _address(given: str, flag: str, variable: str) -> str:
    """Return the address that a flag or else a variable gives, without a slash at its end.

    Raises:
        BadInput: it is none.
    """
    named = flag if given else variable
    address = given or os.environ.get(variable, "")
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0) and address.isprintable()
    except ValueError:
        parts, whole = urlsplit(""), False
    if "@" in address:
        raise BadInput(
            f"{named} holds a user or a password; leave that out, and give a token by --token-file"
        )
    if parts.scheme not in ("http", "https") and "://" not in address:
        raise BadInput(f"{named} {address} says no protocol; write http://{address} or https://{address}")
    if parts.scheme not in ("http", "https") or not whole or " " in address:
        raise BadInput(f"{named} {address} is no address; write it as https://name or http://name:port")
    if parts.query or parts.fragment:
        raise BadInput(f"{named} {address} is that of a page; leave out what begins with ? or #")
    return address.rstrip("/#?")
