"""Where compiled programs are kept from one run to the next."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

CACHE = "ARCHMEND_COMPILE_CACHE"
"""Environment variable: the folder, or `off`."""
_FLAGS = "TF_XLA_FLAGS"


def compile_cache() -> dict[str, str]:
    """Return the environment in which TensorFlow keeps what XLA compiles, and finds it again.

    The folder is `ARCHMEND_COMPILE_CACHE`, else `archmend/xla` in the user's cache; below it lies one for
    each processor and TensorFlow, for a program is made for both. Where none can be made, nothing is kept.
    """
    named = os.environ.get(CACHE)
    if named == "off":
        return {}
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = (Path(named) if named else home / "archmend" / "xla") / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    if any(c.isspace() for c in str(folder)):
        return {}  # the flags are split there
    kept = f"--tf_xla_persistent_cache_directory={folder}"
    return {_FLAGS: " ".join(filter(None, (os.environ.get(_FLAGS), kept)))}


def _machine() -> str:
    """Return a short name of the processor and of TensorFlow's version."""
    try:
        said = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        said = platform.processor()
    known = [line for line in said.splitlines() if line.startswith(("model name", "flags", "Features"))]
    try:
        tensorflow = version("tensorflow")
    except PackageNotFoundError:
        tensorflow = "none"
    return hashlib.sha256("\n".join([platform.machine(), tensorflow, *known]).encode()).hexdigest()[:16]
