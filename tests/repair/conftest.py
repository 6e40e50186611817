"""The small networks and data of the unit tests, and a repair that has something to go on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.repair.conftest import chain, graph, ring

from archmend.steps.repair import RepairRequest

__all__ = ["EPOCHS", "LAST", "Asked", "asked", "chain", "data", "graph", "model", "ring"]
EPOCHS, LAST = 9, 8
Asked = Callable[..., RepairRequest]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Points inside and outside a ring, as a table."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    points = rng.normal(size=(240, 2))
    rows = [f"{a:.4f},{b:.4f},{'in' if a * a + b * b < 1.2 else 'out'}" for a, b in points]
    (folder / "points.csv").write_text("\n".join(["a,b,class", *rows]) + "\n")
    return str(folder / "points.csv")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net of sigmoids in which the signal vanishes, so that there is a decision to carry over."""
    import keras

    keras.utils.set_random_seed(0)
    inputs = [keras.Input((1,), name=name) for name in "ab"]
    found = keras.layers.Concatenate()(inputs)
    for number in range(4):
        found = keras.layers.Dense(8, activation="sigmoid", name=f"hidden_{number}")(found)
    made = keras.Model(inputs, keras.layers.Dense(2, activation="softmax", name="out")(found))
    made.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    path = tmp_path_factory.mktemp("model") / "sigmoids.keras"
    made.save(path)
    return path


@pytest.fixture(scope="session")
def asked(data: str, model: Path) -> Asked:
    """The request to repair that network, with what differs."""

    def make(out: Path, checkpoint: str | Path | None = None, **changes: Any) -> RepairRequest:
        usual = {
            "data": data,
            "target": "class",
            "model": model,
            "epochs": EPOCHS,
            "batch_size": 8,
            "max_repairs": 1,
        }
        return RepairRequest(out=out, checkpoint=checkpoint, checkpoint_pause=0, **{**usual, **changes})

    return make
