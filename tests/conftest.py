"""Settings that must stand before TensorFlow is imported: few threads, quiet logs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from archmend.steps.search import SearchRequest

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


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A source that trains in no time."""
    import numpy as np

    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, x=(rng.normal(size=(120, 4)) + y[:, None]).astype(np.float32), y=y)
    return str(path)


@pytest.fixture
def request_of(small: str, tmp_path: Path) -> Callable[..., SearchRequest]:
    """Ask for a search that takes no time, but for what a test says."""
    from archmend.steps.search import SearchRequest

    def _request(**other: Any) -> SearchRequest:
        known = {"data": small, "out": tmp_path / "out", "space": "seed-fc", "epochs": 1, "workers": 1}
        return SearchRequest(**{"max_trials": 4, **known, **other})

    return _request
