"""What the trials of an Experiment get from the cluster, and where they leave what they made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archmend.errors import BadInput
from archmend.kubeflow.image import IMAGE
from archmend.kubeflow.suggestion.groups import MOST_PER_POD

STORE = "minio://archmend/experiments"
SECRET = "mlpipeline-minio-artifact"
"""Kubeflow's own Secret of the store's keys in each of its namespaces: accesskey, secretkey."""
CONFIG_MAP = "archmend"
"""Of our manifests: endpoint and region of the store."""
FLAGS: Mapping[str, str] = {
    "namespace": "namespace",
    "image": "image",
    "store": "store",
    "secret": "secret",
    "trial_cpu": "cpu",
    "trial_memory": "memory",
    "trial_gpus": "accelerators",
    "accelerator": "accelerator",
    "node_selector": "node_selector",
    "tolerations": "tolerations",
    "priority_class": "priority_class",
    "runtime_class": "runtime_class",
    "service_account": "service_account",
    "retain": "retain",
    "trials_per_pod": "trials_per_pod",
}
"""Flags of the commands that take them, and the fields that these set; `--workers` sets `parallel`."""
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_KEY = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclass(frozen=True)
class KatibOptions:
    """Where and with what the trials run.

    Attributes:
        namespace: of the Experiment; empty is that of this pod, or of the current context.
        image: of the trials, with the `archmend` command in it.
        parallel: trials at once.
        cpu, memory: of a trial, as Kubernetes writes them.
        accelerator: resource name of a GPU. accelerators: how many a trial gets.
        node_selector, tolerations: as in a pod. priority_class, runtime_class, service_account: by name;
            empty is the namespace's default.
        secret: with the keys of the object store. config_map: with its address.
        store: URI of the folder under which each Experiment has its own, for data, records and weights.
        retain: keep the pods of finished trials for longer than ten minutes.
        trials_per_pod: architectures that a pod trains, together where that is possible; one pod is then one
            trial of Katib's, and `parallel` counts pods.
    """

    namespace: str = ""
    image: str = IMAGE
    parallel: int = 2
    cpu: str = "1"
    memory: str = "2Gi"
    accelerator: str = "nvidia.com/gpu"
    accelerators: int = 0
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Mapping[str, Any]] = ()
    priority_class: str = ""
    runtime_class: str = ""
    service_account: str = ""
    secret: str = SECRET
    config_map: str = CONFIG_MAP
    store: str = STORE
    retain: bool = False
    trials_per_pod: int = 1

    def __post_init__(self) -> None:
        """Check each value by itself.

        Raises:
            BadInput: naming the flag and its value.
        """
        if self.parallel < 1:
            raise BadInput(f"--workers must be at least 1, got {self.parallel}")
        if not 1 <= self.trials_per_pod <= MOST_PER_POD:
            raise BadInput(f"--trials-per-pod must be 1 to {MOST_PER_POD}, got {self.trials_per_pod}")
        if self.accelerators < 0:
            raise BadInput(f"--trial-gpus must be at least 0, got {self.accelerators}")
        for name, value in (("--trial-cpu", self.cpu), ("--trial-memory", self.memory)):
            if not _QUANTITY.fullmatch(value):
                raise BadInput(f"{name} must be a quantity such as 1, 500m or 2Gi, got {value!r}")
        if not _KEY.fullmatch(self.accelerator):
            raise BadInput(
                f"--accelerator must be a resource name like nvidia.com/gpu, got {self.accelerator!r}"
            )
        if "://" not in self.store or self.store.startswith("file:"):
            raise BadInput(
                f"--store must be an s3:// or minio:// URI that every node can reach, got {self.store!r}"
            )

    def flags(self) -> dict[str, Any]:
        """Return the flags that say what differs from the defaults, with their values."""
        default = KatibOptions()
        found = {flag: getattr(self, name) for flag, name in FLAGS.items()}
        return {
            flag: json.dumps(value if isinstance(value, Mapping) else list(value))
            if flag in ("node_selector", "tolerations")
            else value
            for flag, value in found.items()
            if value != getattr(default, FLAGS[flag])
        }


def parse_node_selector(text: str) -> dict[str, str]:
    """Return the labels in `key=value,key=value`, or in a JSON object.

    Raises:
        BadInput: it is neither.
    """
    if text.lstrip().startswith("{"):
        found = _json("--node-selector", text)
        if all(isinstance(value, str) for value in found.values()):
            return dict(found)
        raise BadInput(f"--node-selector must have texts as values, got {text!r}")
    labels = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = part.partition("=")
        if not (equals and _KEY.fullmatch(key)):
            raise BadInput(f"--node-selector {part!r} is no label; write key=value")
        labels[key] = value
    return labels


def parse_tolerations(text: str) -> tuple[dict[str, Any], ...]:
    """Return the tolerations in `key=value:Effect,key:Effect`, or in a JSON list.

    Raises:
        BadInput: it is neither, or the effect is unknown.
    """
    if text.lstrip().startswith("["):
        found = _json("--tolerations", text)
        if all(isinstance(value, dict) for value in found):
            return tuple(found)
        raise BadInput(f"--tolerations must be a list of objects, got {text!r}")
    tolerations: list[dict[str, Any]] = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        left, colon, effect = part.rpartition(":")
        key, equals, value = (left if colon else part).partition("=")
        if not _KEY.fullmatch(key) or (colon and effect not in _EFFECTS):
            raise BadInput(
                f"--tolerations {part!r} is none; write key=value:Effect or key:Effect, where Effect is one "
                f"of {', '.join(_EFFECTS)}"
            )
        toleration: dict[str, Any] = {"key": key, "operator": "Equal" if equals else "Exists"}
        if equals:
            toleration["value"] = value
        if colon:
            toleration["effect"] = effect
        tolerations.append(toleration)
    return tuple(tolerations)


def _json(flag: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadInput(f"{flag} is no JSON ({error}); got {text!r}") from error
