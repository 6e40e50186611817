"""The pod of a trial: a Job with one container that passes the restricted Pod Security Standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archmend.kubeflow.katib.options import KatibOptions

CONTAINER = "trial"
USER = 10001
"""As in the image."""
NOT_AGAIN = (2, 3, 137)
"""Exit codes after which another try would end alike: bad input, a training that failed, out of memory."""
TRIES = 2
"""More pods for a trial whose pod was lost; one that was preempted or evicted does not count."""
KEPT_FOR = 600
"""Seconds for which a finished trial's pod is there to be asked why it failed."""
FROM_SECRET = {
    "MINIO_ACCESS_KEY": "accesskey",
    "MINIO_SECRET_KEY": "secretkey",
    "MINIO_SESSION_TOKEN": "sessiontoken",
}
FROM_CONFIG = {
    "MINIO_ENDPOINT": "endpoint",
    "AWS_REGION": "region",
    "ARCHMEND_S3_ADDRESSING": "addressing",
    "AWS_CA_BUNDLE": "ca",
    "SSL_CERT_FILE": "ca",
}
"""How a pod of ours, a step's or a trial's, comes to the object store; each key may be absent."""
CA_FOLDER = "/etc/archmend/ca"
"""Where a pod finds the certificates of `ca_config_map`, if there is one."""


def ca_config_map(config_map: str) -> str:
    """Return the name of the ConfigMap with an authority of the store's own, beside that of its address."""
    return f"{config_map}-ca"


def trial_job(options: KatibOptions, command: Sequence[str], labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the Job that Katib makes of each trial, its command still with Katib's `${...}`.

    Katib's collector makes one shell line of the command, so none of its words may need a quote.
    """
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(options, command)],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "ca", "configMap": {"name": ca_config_map(options.config_map), "optional": True}},
        ],
    }
    for key, value in (
        ("nodeSelector", dict(options.node_selector)),
        ("tolerations", [dict(t) for t in options.tolerations]),
        ("priorityClassName", options.priority_class),
        ("runtimeClassName", options.runtime_class),
        ("serviceAccountName", options.service_account),
    ):
        if value:
            pod[key] = value
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {
            "backoffLimit": TRIES,
            **({} if options.retain else {"ttlSecondsAfterFinished": KEPT_FOR}),
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    },
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": CONTAINER,
                            "operator": "In",
                            "values": list(NOT_AGAIN),
                        },
                    },
                ]
            },
            "template": {
                "metadata": {
                    "labels": dict(labels),
                    # A mesh's proxy would keep the pod alive after the trial.
                    "annotations": {"sidecar.istio.io/inject": "false"},
                },
                "spec": pod,
            },
        },
    }


def _container(options: KatibOptions, command: Sequence[str]) -> dict[str, Any]:
    resources: dict[str, str] = {"cpu": options.cpu, "memory": options.memory}
    if options.accelerators:
        resources[options.accelerator] = str(options.accelerators)
    return {
        "name": CONTAINER,
        "image": options.image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "env": [
            {"name": "HOME", "value": "/tmp"},
            *_from("configMapKeyRef", options.config_map, FROM_CONFIG),
            *_from("secretKeyRef", options.secret, FROM_SECRET),
        ],
        "resources": {"requests": resources, "limits": resources},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "ca", "mountPath": CA_FOLDER, "readOnly": True},
        ],
    }


def _from(kind: str, name: str, keys: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return environment variables from an object that need not be there, as where a role gives access."""
    return [
        {"name": variable, "valueFrom": {kind: {"name": name, "key": key, "optional": True}}}
        for variable, key in keys.items()
    ]
