"""A model of raw texts is repaired from its file, as one of a table's categories is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archmend.datasets import open_data
from archmend.networks import build, load_model, save_model, space_for, with_encoder
from archmend.steps.repair import RepairRequest, repair

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CODES = {"text": "1-8-0-none-average-0-0-0.01", "tabular": "2-16-1-1-relu-none-0-0.01"}


@pytest.mark.parametrize("space", CODES)
def test_a_model_that_takes_texts(tmp_path: Path, space: str) -> None:
    lines = [f"{('fine', 'poor')[i % 2]} day {i % 9},{('yes', 'no')[i % 2]}" for i in range(90)]
    (tmp_path / "days.csv").write_text("said,label\n" + "\n".join(lines) + "\n")
    data, text = str(tmp_path / "days.csv"), "said" if space == "text" else None
    info = open_data(data, target="label", text=text).info
    made = space_for(space, info)
    save_model(with_encoder(build(made, made.parse(CODES[space])), info), tmp_path / "model.keras")
    repair(
        RepairRequest(
            data=data,
            target="label",
            text=text,
            model=str(tmp_path / "model.keras"),
            out=tmp_path / "out",
            epochs=6,
        )
    )
    assert json.loads((tmp_path / "out" / "repair.json").read_text())["metrics"]["accuracy"] > 0.9
    model, _ = load_model(tmp_path / "out" / "model.keras")
    assert [tensor.name for tensor in model.inputs] == ["said"]
