"""Build hook: compiles the suggestion service's .proto to Python, for wheels and for editable installs.

What it writes lies beside the .proto, is ignored by git, and goes into the wheel.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROTO = Path("archmend/kubeflow/suggestion/api.proto")


class CompileProto(BuildHookInterface):
    """Runs protoc from grpcio-tools before the package's files are gathered."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tell hatchling that these files belong to the package though git ignores them.

        Raises:
            RuntimeError: protoc refused the file; it has printed why.
        """
        for name in compile_proto(Path(self.root) / "src"):
            build_data["artifacts"].append(f"/src/{name}")


def compile_proto(source: Path) -> list[str]:
    """Write the modules of `PROTO` under `source` and return their names, relative to it."""
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        code = protoc.main(
            ["protoc", f"-I{source}", f"--python_out={folder}", f"--pyi_out={folder}", str(source / PROTO)]
        )
        if code != 0:
            raise RuntimeError(f"protoc ended with {code} on {source / PROTO}; see its message above")
        made = sorted(p.relative_to(folder) for p in Path(folder).rglob("*") if p.is_file())
        for name in made:
            text = (Path(folder) / name).read_bytes()
            target = source / name
            # An unchanged file keeps its time, so that nothing takes it for a new build.
            if not target.is_file() or target.read_bytes() != text:
                target.write_bytes(text)
    return [name.as_posix() for name in made]
