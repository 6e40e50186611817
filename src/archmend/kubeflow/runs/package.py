"""A compiled pipeline: what it is called, what it takes, and the digest by which it is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archmend.errors import BadInput
from archmend.kubeflow.compiled import compiled_pipeline


@dataclass(frozen=True)
class Package:
    """What a compiled pipeline's file holds.

    Attributes:
        path: of the file. name: of the pipeline. description: of the pipeline.
        digest: SHA-256 of the content, in hexadecimal; comments, blanks and order do not count.
        spec: the pipeline's. platform: what kfp-kubernetes added, None where it added nothing.
    """

    path: Path
    name: str
    description: str
    digest: str
    spec: Mapping[str, Any]
    platform: Mapping[str, Any] | None

    @property
    def inputs(self) -> Mapping[str, Mapping[str, Any]]:
        """The pipeline's parameters by name, as the file declares them."""
        declared = (self.spec.get("root", {}).get("inputDefinitions") or {}).get("parameters")
        return declared or {}

    @property
    def steps(self) -> frozenset[str]:
        """The names of its tasks, those of pipelines within it among them."""
        graphs = [self.spec["root"], *self.spec.get("components", {}).values()]
        return frozenset(name for graph in graphs for name in graph.get("dag", {}).get("tasks", {}))

    @property
    def version_name(self) -> str:
        """The name of its version: the same for the same content."""
        return f"sha256-{self.digest[:16]}"

    def without_caching(self) -> dict[str, Any]:
        """Return it with every task's caching off, for a run that carries its own pipeline.

        There is no opposite: to switch caching on for tasks compiled without it would be wrong, as those look
        at data behind a URI or change a registry.
        """
        spec = json.loads(json.dumps(self.spec))
        graphs = [spec["root"], *spec.get("components", {}).values()]
        for graph in graphs:
            for task in graph.get("dag", {}).get("tasks", {}).values():
                task["cachingOptions"] = {}
        if self.platform is None:
            return dict(spec)
        return {"pipeline_spec": spec, "platform_spec": self.platform}


def load_package(path: Path | None = None) -> Package:
    """Read a compiled pipeline.

    Args:
        path: of its YAML; None is that of this version of archmend.

    Raises:
        BadInput: it cannot be read, or is no compiled pipeline. Unavailable: archmend's own is missing.
    """
    import yaml

    path = compiled_pipeline() if path is None else path
    try:
        text = path.read_text(encoding="utf-8")
        # In C where it is there: a compiled pipeline is long, and in Python it takes seconds.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = [each for each in yaml.load_all(text, loader) if each]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadInput(f"the pipeline {path} cannot be read ({why}); give a compiled pipeline") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"the pipeline {path} is no YAML; give what `kfp` or archmend compiled") from error
    first, platform = [*documents, None, None][:2]
    if not isinstance(first, dict) or not _is_compiled(first) or not isinstance(platform, dict | None):
        raise BadInput(f"{path} is no compiled pipeline; make one by archmend pipeline compile")
    canonical = json.dumps([first, platform], sort_keys=True, separators=(",", ":"), default=str)
    info = first["pipelineInfo"]
    return Package(
        path=path,
        name=str(info["name"]),
        description=str(info.get("description", "")),
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        spec=first,
        platform=platform,
    )


def _is_compiled(spec: Mapping[str, Any]) -> bool:
    """Say whether this has the parts that are looked at here; the server looks at the rest."""
    info, root, components = spec.get("pipelineInfo"), spec.get("root"), spec.get("components", {})
    if not (isinstance(info, dict) and isinstance(root, dict) and isinstance(components, dict)):
        return False
    graphs = [root, *components.values()]
    return (
        "schemaVersion" in spec
        and bool(info.get("name"))
        and all(
            isinstance(graph, dict) and isinstance((graph.get("dag") or {}).get("tasks", {}), dict)
            for graph in graphs
        )
    )
