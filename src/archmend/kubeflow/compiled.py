"""The compiled pipeline: where its YAML lies, and a copy of it."""

from __future__ import annotations

from pathlib import Path

import archmend
from archmend.errors import Unavailable
from archmend.storage import write_atomic

_NAME = "archmend.yaml"


def compiled_pipeline() -> Path:
    """Return the path of the compiled YAML: beside this module in an installed package, else in the checkout.

    Raises:
        Unavailable: neither is there.
    """
    installed = Path(__file__).with_name(_NAME)
    checkout = Path(archmend.__file__).parents[2] / "pipelines" / _NAME
    for path in (installed, checkout):
        if path.is_file():
            return path
    raise Unavailable(
        f"the compiled pipeline {_NAME} is missing; install archmend again, or run make compile"
    )


def compile_pipeline(out: Path) -> Path:
    """Write the pipeline's YAML to `out` and return its path.

    It is the compiled one of this version: a test holds it equal to what the sources compile to.

    Raises:
        BadInput, Unavailable: the place cannot be written.
    """
    write_atomic(out, compiled_pipeline().read_bytes())
    return out
