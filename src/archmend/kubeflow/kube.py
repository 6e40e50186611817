"""The one way to a Kubernetes cluster: what KUBECONFIG names, else this pod's own, else the home's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from archmend.errors import BadInput, MissingExtra

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def in_pod() -> bool:
    """Say whether this process runs in a pod and is not told of another cluster."""
    return "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ


def pod_namespace() -> str:
    """Return the namespace of the pod that this process runs in; empty elsewhere."""
    return _NAMESPACE_FILE.read_text().strip() if in_pod() and _NAMESPACE_FILE.is_file() else ""


def kube_settings(
    way_out: str = "set KUBECONFIG, or run this in a pod with a service account",
) -> tuple[Any, str]:
    """Return the Kubernetes client's `Configuration`, and the namespace of the pod or of the context.

    The configuration is the caller's own: another client of this process may look at another cluster.

    Args:
        way_out: what to do where there is no cluster, for the message.

    Raises:
        MissingExtra: the Kubernetes client is not installed.
        BadInput: there is neither a pod nor a context, or the file of the context cannot be read.
    """
    try:
        from kubernetes import client, config
        from kubernetes.config import ConfigException
        from yaml import YAMLError
    except ImportError as error:
        raise MissingExtra("kubernetes", "kubeflow") from error
    found = client.Configuration()
    # By the variable as it is now: the library reads it when it is imported, and never again.
    path = os.environ.get("KUBECONFIG")
    try:
        if in_pod():
            config.load_incluster_config(client_configuration=found)
            return found, pod_namespace() or "default"
        config.load_kube_config(path, client_configuration=found)
        _, context = config.list_kube_config_contexts(path)
        return found, str(context["context"].get("namespace") or "default")
    except (ConfigException, OSError) as error:
        raise BadInput(f"there is no Kubernetes cluster to ask ({_line(error)}); {way_out}") from error
    except (YAMLError, ValueError, TypeError, AttributeError, KeyError) as error:
        # The library looks into the file as if it were one; what is none fails wherever it happens to.
        raise BadInput(
            f"{path or '~/.kube/config'} is no kubeconfig ({type(error).__name__}: {_line(error)}); mend it, "
            "or name another one in KUBECONFIG"
        ) from error


def cause_of(error: BaseException) -> str:
    """Return what lies at the bottom of urllib3's wrapping, without the memory addresses in between."""
    # That of an answer of the server is a text.
    reason = getattr(error, "reason", None)
    bottom = reason if isinstance(reason, BaseException) else error
    while bottom.__cause__ is not None:
        bottom = bottom.__cause__
    return _line(getattr(bottom, "strerror", None) or bottom) or type(bottom).__name__


def _line(text: object) -> str:
    return " ".join(str(text).split())
