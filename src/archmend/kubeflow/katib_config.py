"""Our algorithms in Katib's own configuration: what stands there, as text in and text out.

ConfigMap katib-config holds one YAML document. Katib knows an algorithm by an entry under
`runtime.suggestions`: its name and the fields of the container that serves it. Everything else in the
document belongs to whoever installed Katib and stays as it is, comments aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from archmend.errors import BadInput
from archmend.kubeflow.suggestion.names import HEALTH, PORT, PREFIX

RESTRICTED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""What the restricted Pod Security Standard asks of a container, and a read-only root; Katib's pods for
suggestions take no volumes, and /tmp is one that the image declares."""


def entry(algorithm: str, image: str, *, cpu: str = "1", memory: str = "512Mi") -> dict[str, Any]:
    """Return the entry of one algorithm.

    Args:
        algorithm: as Katib names it.
        image: of the suggestion service.
        cpu: limit of its container.
        memory: limit of its container; Katib's default of 100Mi holds no Python process with history.
    """
    return {
        "algorithmName": algorithm,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["archmend", "serve-suggestion", "--port", str(PORT)],
        "resources": {
            "requests": {"cpu": "50m", "memory": "128Mi"},
            "limits": {"cpu": cpu, "memory": memory},
        },
        "securityContext": deepcopy(dict(RESTRICTED)),
        # Katib's own first look is after ten seconds, in each experiment.
        "readinessProbe": {
            "grpc": {"port": PORT, "service": HEALTH},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
        },
    }


def entries_text(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return the entries as the YAML list that stands under `runtime.suggestions`."""
    import yaml

    return str(yaml.safe_dump([dict(each) for each in entries], sort_keys=False))


def with_entries(text: str, entries: Iterable[Mapping[str, Any]], *, inject: bool) -> str:
    """Return the document with exactly these entries of ours, or `text` itself where they stand already.

    Args:
        text: the YAML document of ConfigMap katib-config.
        entries: what `entry` made; none takes ours out.
        inject: also give the metrics collector the trial's security context, without which no trial starts
            in a namespace that enforces the restricted standard. Never switched off here.

    Raises:
        BadInput: the text is no configuration of Katib 0.16 or later.
    """
    import yaml

    config = _parsed(text)
    suggestions = config.setdefault("runtime", {}).get("suggestions") or []
    theirs = [each for each in suggestions if not str(each.get("algorithmName", "")).startswith(PREFIX)]
    config["runtime"]["suggestions"] = [*theirs, *map(dict, entries)]
    if inject:
        config.setdefault("init", {}).setdefault("controller", {})["injectSecurityContext"] = True
    if config == _parsed(text):
        return text
    return yaml.safe_dump(config, sort_keys=False)


def start_settings(text: str) -> Any:
    """Return what the controller reads only when it starts."""
    return _parsed(text).get("init")


def _parsed(text: str) -> dict[str, Any]:
    import yaml

    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise BadInput(
            f"katib-config is no YAML{f' at line {where.line + 1}' if where else ''}: mend it with "
            "kubectl edit configmap katib-config"
        ) from error
    if not isinstance(config, dict) or config.get("kind") != "KatibConfig":
        kind = config.get("kind") if isinstance(config, dict) else type(config).__name__
        raise BadInput(
            f"katib-config holds {kind!r} instead of a KatibConfig: archmend needs Katib 0.16 or later"
        )
    return config
