"""What is said where TensorFlow is missing, and what the room costs to import."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest

from archmend.networks import NoGpuError, measure_latency, take_gpus


def _said(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_room_brings_no_tensorflow() -> None:
    program = (
        "from archmend.networks import ModelMetadata, build\n"
        "from archmend.training import PooledEvaluator, KerasEvaluator\n"
        "import sys; print([m for m in ('tensorflow', 'keras', 'sklearn') if m in sys.modules])"
    )
    assert _said(program) == "[]"


@pytest.mark.parametrize("package", ["tensorflow", "keras"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from archmend.errors import MissingExtra\n"
        "from archmend.networks import require_tensorflow\n"
        "try: require_tensorflow()\n"
        "except MissingExtra as error: print(error)"
    )
    assert "pip install 'archmend[cpu]'" in _said(program)


def test_latency_is_of_a_compiled_pass_in_milliseconds() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    latency = measure_latency(model, np.zeros((1, 4), "float32"))
    assert 0 < latency.median_ms <= latency.p95_ms < 1000


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What TensorFlow sees, and what it was told to let grow."""
    import tensorflow as tf

    known: dict[str, list[str]] = {"seen": [], "growing": []}

    def grow(device: str, wanted: bool) -> None:
        if device == "started":
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        known["growing"] += [device] if wanted else []

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: known["seen"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    return known


def test_every_gpu_gives_its_memory_as_it_is_needed(gpus: dict[str, list[str]]) -> None:
    gpus["seen"] = ["one", "started", "two"]
    take_gpus(required=True)
    assert gpus["growing"] == ["one", "two"]


def test_a_gpu_that_was_asked_for_and_is_not_there(gpus: dict[str, list[str]]) -> None:
    take_gpus()
    with pytest.raises(NoGpuError, match="this repair asked for a GPU and TensorFlow sees none"):
        take_gpus(required=True, who="this repair")
