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
import tensorflow as tf

from archmend.datasets import Prepared, open_data
from archmend.errors import BadInput
from archmend.networks import ModelMetadata, save_model
from archmend.registry import Registry, Version
from archmend.registry.replay import exported, replay
from archmend.steps.evaluate import EvaluateRequest, evaluate
from archmend.steps.register import RegisterRequest, register

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "version.schema.json"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that ended: data of arrays, a tiny model, its evaluation, best.json, decisions."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    np.savez(folder / "data.npz", x=rng.normal(size=(120, 3)) + y[:, None], y=y)
    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2, "softmax")]
    )
    data = open_data(folder / "data.npz")
    save_model(
        net, folder / "model.keras", _metadata(data, run="run-1", decisions=2, architecture="w4", space="fc")
    )
    evaluate(EvaluateRequest(model=folder / "model.keras", data=folder / "data.npz", out=folder))
    (folder / "best.json").write_text(json.dumps({"trial": 5}))
    (folder / "decisions.jsonl").write_text("{}\n{}\n")
    return folder


def _metadata(data: Prepared, **other: Any) -> ModelMetadata:
    info = data.info
    known = {"data_digest": info.digest, "split_digest": info.split_digest, "test_digest": info.test_digest}
    return ModelMetadata(**{**known, "classes": info.classes, **other})


@pytest.fixture
def request_of(run: Path, tmp_path: Path) -> Callable[..., RegisterRequest]:
    def _request(**other: Any) -> RegisterRequest:
        known = {
            "model": run / "model.keras",
            "evaluation": run / "evaluation.json",
            "registry": tmp_path / "registry",
            "name": "toy",
            "data": run / "data.npz",
            "run_dir": run,
            "out": tmp_path / "out",
        }
        return RegisterRequest(**{**known, **other})

    return _request


def test_registers_with_lineage_and_verifies(
    request_of: Callable[..., RegisterRequest], run: Path, tmp_path: Path
) -> None:
    version = register(request_of(links={"ui": "https://example.org/run/1"}))
    text = (tmp_path / "out" / "registered.json").read_text()
    assert Version.model_validate_json(text) == version
    jsonschema.validate(json.loads(text), json.loads(SCHEMA.read_text()))
    assert (version.version, version.aliases) == (1, ("champion",))
    lineage = version.lineage
    assert (lineage.run, lineage.trial, lineage.architecture, lineage.decisions) == ("run-1", 5, "w4", 2)
    data = open_data(run / "data.npz").info
    assert (lineage.data_digest, lineage.test_digest) == (data.digest, data.test_digest)
    assert lineage.links == {"ui": "https://example.org/run/1"}
    assert set(version.files) == {
        "model.keras", "evaluation.json", "saved_model.tar", "examples.npz", "best.json", "decisions.jsonl"
    }  # fmt: skip
    registry = Registry(tmp_path / "registry")
    found = registry.verify("toy")
    assert found.problems == ()
    assert (found.rows, found.files) == (8, 6)
    folder = registry.export("toy", "champion", tmp_path / "exported")
    x = np.zeros((2, 3), np.float32)
    loaded = tf.saved_model.load(str(folder / "saved_model"))
    again = keras.models.load_model(folder / "model.keras").predict(x, verbose=0)
    np.testing.assert_allclose(loaded.serve(x), again, atol=1e-6)
    # The model is not better than itself.
    assert register(request_of()).aliases == ()


def test_verify_notices_a_model_that_answers_otherwise(
    request_of: Callable[..., RegisterRequest], run: Path, tmp_path: Path
) -> None:
    """As after an update of Keras that changes a layer: all digests are right, the answers are not."""
    version = register(request_of())
    other = keras.models.load_model(run / "model.keras")
    other.set_weights([w + 0.1 * np.arange(w.size).reshape(w.shape) for w in other.get_weights()])
    other.save(tmp_path / "other.keras")
    swapped = (tmp_path / "other.keras").read_bytes()
    registry = Registry(tmp_path / "registry")
    files = {file: registry.read("toy", 1, file) for file in version.files} | {"model.keras": swapped}
    evaluation = json.loads(files["evaluation.json"])
    evaluation["model_digest"] = hashlib.sha256(swapped).hexdigest()
    del files["model.keras"], files["evaluation.json"]
    registry.register(tmp_path / "other.keras", json.dumps(evaluation).encode(), name="odd", files=files)
    (problem,) = registry.verify("odd", 1).problems
    assert problem.startswith("model.keras predicts other values than when registered: they differ by up to")


def test_without_data_nothing_of_it_is_kept(
    request_of: Callable[..., RegisterRequest], tmp_path: Path
) -> None:
    version = register(request_of(data=None))
    assert "examples.npz" not in version.files
    found = Registry(tmp_path / "registry").verify("toy")
    assert (found.ok, found.rows) == (True, 0)


def test_a_table_model_is_served_columns(tmp_path: Path) -> None:
    columns = {
        "age": keras.Input((1,), name="age"),
        "city": keras.Input((1,), name="city", dtype="string"),
    }
    codes = keras.layers.StringLookup(vocabulary=["Bern", "Oslo"], output_mode="one_hot")(columns["city"])
    out = keras.layers.Dense(2, "softmax")(keras.layers.Concatenate()([columns["age"], codes]))
    net = keras.Model(columns, out)
    rows = {
        "age": np.array([1.0, 2.0, 3.0], np.float32),
        "city": np.array(["Oslo", "", "Bern"], dtype=object),
    }
    files = exported(net, rows)
    assert set(files) == {"saved_model.tar", "examples.npz"}
    net.save(tmp_path / "model.keras")
    problems, count = replay({**files, "model.keras": (tmp_path / "model.keras").read_bytes()})
    assert (problems, count) == ([], 3)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"name": "a/b"}, "the model name 'a/b' cannot be used"),
        ({"promote_margin": -1}, "promote_margin must be a fraction from 0 to 1, got -1"),
        ({"rows": -1}, "rows must be 0 or more, got -1"),
        ({"model": "absent.keras"}, "absent.keras"),
        ({"evaluation": "absent.json"}, "absent.json"),
        ({"data": "digits"}, "the evaluation was made on the test rows .* and the data 'digits' has"),
        ({"registry": "ftp://host/models"}, "ftp://host/models"),
        ({"model_registry": "host:8080"}, r"address 'host:8080' cannot be used; write http\(s\)://host:port"),
        ({"model_registry": "http://h", "model_registry_token_file": Path("absent")}, "token file absent"),
    ],
)
def test_refused(
    request_of: Callable[..., RegisterRequest], tmp_path: Path, other: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        register(request_of(**other))
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "registry").exists()


def test_evaluation_of_another_model(
    request_of: Callable[..., RegisterRequest], run: Path, tmp_path: Path
) -> None:
    net = keras.models.load_model(run / "model.keras")
    net.set_weights([w + 1 for w in net.get_weights()])
    net.save(tmp_path / "other.keras")
    with pytest.raises(BadInput, match="evaluate this one and register it with its own evaluation"):
        register(request_of(model=tmp_path / "other.keras"))


def test_damaged_best(request_of: Callable[..., RegisterRequest], tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    folder.mkdir()
    (folder / "best.json").write_text('{"trial"')
    with pytest.raises(BadInput, match=r"best.json is no JSON object; name the folder of a run that ended"):
        register(request_of(run_dir=folder))
