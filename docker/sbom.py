"""Print a CycloneDX list of what the image really holds: Debian's packages and Python's distributions.

Runs inside the image (`--target sbom`), with the standard library alone. The same image gives the same text:
no clock, and a serial number made from the content.
"""

from __future__ import annotations

import json
import platform
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

DPKG = Path("/var/lib/dpkg/status")


def debian(status: str) -> Iterator[dict[str, Any]]:
    """Yield a component for each installed package of dpkg's status file."""
    for block in status.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", block, flags=re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            name, version = fields["Package"], fields["Version"]
            architecture = fields.get("Architecture", "all")
            yield {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:deb/debian/{name}@{quote(version, safe='')}?arch={architecture}",
            }


def python(installed: Iterable[Distribution]) -> Iterator[dict[str, Any]]:
    """Yield a component for each distribution, with its licence where it names one."""
    for distribution in installed:
        metadata = distribution.metadata
        name = re.sub(r"[-_.]+", "-", metadata["Name"]).lower()
        component: dict[str, Any] = {
            "type": "library",
            "name": name,
            "version": distribution.version,
            "purl": f"pkg:pypi/{name}@{quote(distribution.version, safe='')}",
        }
        if "License-Expression" in metadata:
            component["licenses"] = [{"expression": metadata["License-Expression"]}]
        yield component


def document(components: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole list, sorted and each component once."""
    unique = {component["purl"]: {"bom-ref": component["purl"], **component} for component in components}
    listed = [unique[purl] for purl in sorted(unique)]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(listed, sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "name": "archmend",
                "properties": [{"name": "python", "value": platform.python_version()}],
            }
        },
        "components": listed,
    }


if __name__ == "__main__":
    found = [*python(distributions())]
    if DPKG.exists():
        found += debian(DPKG.read_text(encoding="utf-8"))
    json.dump(document(found), sys.stdout, indent=1)
    sys.stdout.write("\n")
