from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import keras
import numpy as np
import pytest

from archmend.datasets import Prepared, open_data
from archmend.errors import BadInput
from archmend.evaluation import Evaluation, verdict
from archmend.networks import ModelMetadata, save_model
from archmend.steps.evaluate import EvaluateRequest, evaluate
from archmend.steps.model_on_rows import check_provenance

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "evaluation.schema.json"


@pytest.fixture(scope="module")
def net(data: Prepared) -> keras.Model:
    """Learns digits a little, from raw rows."""
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input(data.info.shape),
            keras.layers.Flatten(),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Dense(32, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(data.train.x, data.train.y, epochs=3, verbose=0)
    return made


@pytest.fixture
def save(net: keras.Model, data: Prepared, tmp_path: Path) -> Callable[..., Path]:
    def _save(**other: Any) -> Path:
        info = data.info
        known = {
            "data_digest": info.digest,
            "split_digest": info.split_digest,
            "test_digest": info.test_digest,
            "classes": info.classes,
        }
        path = tmp_path / "model.keras"
        save_model(net, path, ModelMetadata(**{**known, **other}))
        return path

    return _save


def test_digits(save: Callable[..., Path], data: Prepared, net: keras.Model, tmp_path: Path) -> None:
    path = save()
    result = evaluate(EvaluateRequest(model=path, data="digits", out=tmp_path / "out"))
    text = (tmp_path / "out" / "evaluation.json").read_text()
    assert Evaluation.model_validate_json(text) == result
    jsonschema.validate(json.loads(text), json.loads(SCHEMA.read_text()))
    assert "NaN" not in text
    assert "Infinity" not in text
    predicted = net.predict(data.test.x, verbose=0).argmax(axis=1)
    assert result.accuracy == pytest.approx(np.mean(predicted == data.test.y))
    assert (result.part, result.rows, result.notes) == ("test", len(data.test.y), ())
    assert result.test_digest == data.info.test_digest
    assert result.model_digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert result.size_bytes == path.stat().st_size
    assert result.params == 64 * 32 + 32 + 32 * 10 + 10
    assert result.flops == 2 * (64 * 32 + 32 * 10)
    assert 0 < result.latency_ms.median <= result.latency_ms.p95
    assert np.sum(result.confusion_matrix) == result.rows
    assert sum(f.tp for f in result.per_class) == round(result.accuracy * result.rows)
    macro = np.mean([c.average_precision for c in result.precision_recall if c.average_precision is not None])
    assert result.average_precision == pytest.approx(macro)
    assert result.baselines is not None
    assert result.baselines.logistic_regression > 0.9 > 0.2 > result.baselines.majority
    assert verdict(result).startswith("The model does not beat the logistic regression baseline")


def test_another_split_is_refused_unless_all(
    save: Callable[..., Path], tmp_path: Path, data: Prepared
) -> None:
    path = save()
    request = EvaluateRequest(model=path, data="digits", split_seed=1, out=tmp_path / "out")
    with pytest.raises(BadInput, match=r"trained with the split .* and the data has the split .* --part all"):
        evaluate(request)
    assert not (tmp_path / "out").exists()
    assert check_provenance(_metadata(data), open_data("digits", split_seed=1).info, "all")


def _metadata(data: Prepared, **other: Any) -> ModelMetadata:
    info = data.info
    known = {"data_digest": info.digest, "split_digest": info.split_digest, "test_digest": info.test_digest}
    return ModelMetadata(**{**known, "classes": info.classes, **other})


@pytest.mark.parametrize(
    ("part", "note"),
    [
        ("train", "was trained on these rows"),
        ("validation", "was chosen by"),
        ("all", "may have been trained on some"),
    ],
)
def test_notes_of_other_parts(data: Prepared, part: Any, note: str) -> None:
    assert note in check_provenance(_metadata(data), data.info, part)[0]


def test_other_classes(data: Prepared) -> None:
    with pytest.raises(BadInput, match=r"tells the classes cat, dog apart and the data has 0, 1, 2"):
        check_provenance(_metadata(data, classes=("cat", "dog")), data.info, "all")


def test_a_foreign_model_is_taken_with_a_warning(net: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "foreign.keras"
    net.save(path)
    result = evaluate(EvaluateRequest(model=path, data="digits", out=tmp_path))
    assert len(result.notes) == 1
    assert result.notes[0].startswith("The model file does not say what data it was trained on")


def test_no_keras_model(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_text("no model")
    with pytest.raises(BadInput, match=r"model.keras"):
        evaluate(EvaluateRequest(model=path, data="digits", out=tmp_path))
    with pytest.raises(BadInput, match=r"absent.keras.* does not exist"):
        evaluate(EvaluateRequest(model=tmp_path / "absent.keras", data="digits", out=tmp_path))


def test_data_of_another_shape(save: Callable[..., Path], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "wide.npz", x=rng.random((100, 5)), y=np.arange(100) % 10)
    request = EvaluateRequest(model=save(), data=tmp_path / "wide.npz", part="all", out=tmp_path)
    with pytest.raises(BadInput, match=r"takes rows of shape \(8, 8\) and the data has rows of shape \(5,\)"):
        evaluate(request)
