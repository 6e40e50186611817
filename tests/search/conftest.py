"""A search that trains in no time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archmend.steps.search import SearchRequest


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a source that trains in no time."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, x=(rng.normal(size=(120, 4)) + y[:, None]).astype(np.float32), y=y)
    return str(path)


@pytest.fixture
def request_of(small: str, tmp_path: Path) -> Callable[..., SearchRequest]:
    def _request(**other: Any) -> SearchRequest:
        known = {"data": small, "out": tmp_path / "out", "space": "seed-fc", "epochs": 1, "workers": 1}
        return SearchRequest(**{"max_trials": 4, **known, **other})

    return _request
