"""What code an image holds, whatever its tag says: a part of every cached step's key."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import archmend

COMPUTING = (
    *("keras", "numpy", "pandas", "pillow", "pyarrow"),
    *("scikit-learn", "scipy", "tensorflow", "tensorflow-cpu"),
)
"""Packages whose version may change a step's result."""


@cache
def build_digest() -> str:
    """Return a digest of archmend's own source files and of the packages that compute, as installed here."""
    root = Path(archmend.__file__).parent
    content = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".j2", ".proto") and p.is_file()):
        content.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    for package in COMPUTING:
        content.update(f"{package} {_version(package)}\0".encode())
    return content.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
