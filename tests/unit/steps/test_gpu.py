"""A step that asked for a GPU does not do its work without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from archmend.networks import NoGpuError
from archmend.steps.evaluate import EvaluateRequest, evaluate
from archmend.steps.repair import RepairRequest, repair


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])


def test_a_repair(tmp_path: Path) -> None:
    request = RepairRequest(data="digits", out=tmp_path, arch="random", space="fc", require_gpu=True)
    with pytest.raises(NoGpuError, match="this repair asked for a GPU"):
        repair(request)
    assert not list(tmp_path.iterdir())


def test_an_evaluation(tmp_path: Path) -> None:
    request = EvaluateRequest(model=tmp_path / "m.keras", data="digits", out=tmp_path, require_gpu=True)
    with pytest.raises(NoGpuError, match="this evaluation asked for a GPU"):
        evaluate(request)
