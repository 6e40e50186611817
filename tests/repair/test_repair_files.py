"""What a repair's files say of its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import pytest
from tests.repair.conftest import Asked

from archmend.steps.repair import repair

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CASES = {
    "index": (2, keras.losses.SparseCategoricalCrossentropy),
    "one unit": (1, keras.losses.BinaryCrossentropy),
}


@pytest.mark.parametrize("case", CASES)
def test_metrics_of_a_model_that_gives_logits_are_those_of_its_probabilities(
    case: str, asked: Asked, tmp_path: Path
) -> None:
    units, loss = CASES[case]
    keras.utils.set_random_seed(0)
    inputs: Any = [keras.Input((1,), name=name) for name in "ab"]
    hidden = keras.layers.Dense(16, activation="relu")(keras.layers.Concatenate()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(units)(hidden))
    model.compile(keras.optimizers.Adam(0.03), loss(from_logits=True))
    model.save(tmp_path / "logits.keras")
    repair(asked(tmp_path / "out", model=tmp_path / "logits.keras", max_repairs=0))
    record = json.loads((tmp_path / "out" / "repair.json").read_text())
    (untouched,) = (one for one in record["candidates"] if one["name"] == record["best"])
    assert record["metrics"]["accuracy"] == pytest.approx(untouched["value"])
    assert record["metrics"]["loss"] == pytest.approx(untouched["loss"], rel=1e-3)
