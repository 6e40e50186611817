"""Puts our algorithms into the Katib of the current kube context, once or again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archmend.errors import BadInput, Unavailable
from archmend.kubeflow.katib_config import entry, start_settings, with_entries
from archmend.kubeflow.kube import cause_of, kube_settings
from archmend.kubeflow.suggestion import algorithm_names

NAME = "katib-config"
KEY = "katib-config.yaml"
CONTROLLER = "katib-controller"
STARTED_WITH = "archmend.io/started-with"
"""Annotation of the controller's pods: digest of the settings that it read."""
_TRIES = 5
_TIMEOUT = (5, 30)
"""Seconds to connect and to wait for an answer."""


@dataclass(frozen=True)
class Installed:
    """What was done: nothing at all when `changed` is false."""

    algorithms: Sequence[str]
    changed: bool
    restarted: bool


def install_suggestions(
    image: str,
    *,
    namespace: str = "kubeflow",
    cpu: str = "1",
    memory: str = "512Mi",
    inject: bool = False,
    remove: bool = False,
) -> Installed:
    """Register every strategy that this installation has, or take all of them out.

    The write names the version that was read, so that somebody else's change is never lost.

    Args:
        image: of the suggestion service.
        namespace: where Katib is.
        cpu: limit of a suggestion container.
        memory: limit of a suggestion container.
        inject: also for namespaces that enforce the restricted Pod Security Standard; the controller reads
            that at its start, and is restarted unless it has started with it.
        remove: take our entries out.

    Raises:
        BadInput: no Katib there, or it may not be changed.
        Unavailable: the cluster cannot be reached, or others write without end.
    """
    core, apps, refused, unreachable = _clients()
    algorithms = () if remove else algorithm_names()
    entries = [entry(name, image, cpu=cpu, memory=memory) for name in algorithms]
    for _ in range(_TRIES):
        try:
            found = core.read_namespaced_config_map(NAME, namespace, _request_timeout=_TIMEOUT)
            before = (found.data or {}).get(KEY, "")
            after = with_entries(before, entries, inject=inject)
            if after != before:
                found.data[KEY] = after
                core.replace_namespaced_config_map(NAME, namespace, found, _request_timeout=_TIMEOUT)
            restarted = inject and not remove and _restarted(apps, namespace, after)
            return Installed(algorithms, changed=after != before, restarted=restarted)
        except refused as error:
            if error.status != 409:
                raise _explained(error, namespace) from error
        except unreachable as error:
            raise Unavailable(
                f"Kubernetes does not answer ({cause_of(error)}); is the cluster up?"
            ) from error
    raise Unavailable(f"ConfigMap {NAME} in {namespace} changed {_TRIES} times meanwhile; try again")


def _restarted(apps: Any, namespace: str, config: str) -> bool:
    """Make the controller start with these settings, and return whether it does so now.

    Its pods carry the digest of what it reads at its start. That is said each time, as the last time may have
    failed after the settings were written; the same digest again changes nothing.
    """
    text = json.dumps(start_settings(config), sort_keys=True, default=str)
    annotations = {STARTED_WITH: hashlib.sha256(text.encode()).hexdigest()}
    body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    made = apps.patch_namespaced_deployment(CONTROLLER, namespace, body, _request_timeout=_TIMEOUT)
    return made.status is None or made.metadata.generation != made.status.observed_generation


def _clients() -> tuple[Any, Any, type[Any], type[Any]]:
    settings, _ = kube_settings()
    from kubernetes import client
    from urllib3.exceptions import HTTPError

    # A cluster that is away is said at once; the library would try three times.
    settings.retries = False
    api = client.ApiClient(settings)
    return client.CoreV1Api(api), client.AppsV1Api(api), client.ApiException, HTTPError


def _explained(error: Any, namespace: str) -> Exception:
    if error.status == 404:
        return BadInput(
            f"there is no Katib in namespace {namespace} (no {NAME}, or no {CONTROLLER}): install it, or say "
            "where it is with --namespace"
        )
    if error.status in (401, 403):
        return BadInput(
            f"may not change Katib's configuration in namespace {namespace} ({error.reason}): this takes get "
            f"and update of ConfigMap {NAME}, and patch of Deployment {CONTROLLER}"
        )
    return Unavailable(f"Kubernetes answered {error.status} {error.reason}; try again")
