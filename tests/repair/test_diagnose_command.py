"""`archmend repair --diagnose` looks, tells and writes diagnosis.json; it trains and repairs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archmend.cli import main

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_a_faulty_model_is_told_in_words_and_in_a_file(
    data: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    asked = ["repair", "--data", data, "--target", "class", "--model", str(model), "--out", str(out)]

    def run() -> int | str | None:
        with pytest.raises(SystemExit) as ended:
            main([*asked, "--diagnose"])
        return ended.value.code

    assert run() == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("vanishing (before training): layer 'hidden_")
    assert last == str(out / "diagnosis.json")
    assert [path.name for path in out.iterdir()] == ["diagnosis.json"]
    written = json.loads((out / "diagnosis.json").read_text())
    assert written["schema_version"] == 1
    assert written["findings"][0]["symptom"] == "vanishing"
    assert run() == 2
    assert "holds another diagnosis.json" in capsys.readouterr().err
