"""Settings that must stand before TensorFlow is imported: few threads, quiet logs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

for _name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# How long one example takes says more of the machine than of the code.
settings.register_profile("archmend", deadline=None)
settings.load_profile("archmend")
# The golden pipeline is compiled for the released image, whatever a developer builds.
os.environ.pop("ARCHMEND_IMAGE", None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and benchmarks that stands beside the repository, where there is one."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("ARCHMEND_SHARED", default))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set ARCHMEND_SHARED")
    return folder
