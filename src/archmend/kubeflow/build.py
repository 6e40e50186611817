"""What code an image holds, whatever its tag says: a part of every cached step's key."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import archmend


@cache
def build_digest() -> str:
    """Return a digest of archmend's own source files, as they are installed here."""
    root = Path(archmend.__file__).parent
    content = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".j2", ".proto") and p.is_file()):
        content.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()
