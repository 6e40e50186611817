"""A table's model is exported whatever its columns are called."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from archmend.registry.replay import exported, replay


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_columns_that_are_no_identifiers(tmp_path) -> None:  # type: ignore[no-untyped-def]
    names = ("petal length (cm)", "petal length [cm]", "ü")
    inputs = {name: keras.Input((1,), name=name) for name in names}
    joined = keras.layers.Concatenate()([inputs[name] for name in names])
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(joined))
    rows = {name: np.arange(4, dtype=np.float32) + i for i, name in enumerate(names)}
    files = exported(model, rows)
    model.save(tmp_path / "model.keras")
    problems, checked = replay({**files, "model.keras": (tmp_path / "model.keras").read_bytes()})
    assert problems == []
    assert checked == 4
