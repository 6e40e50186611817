"""Models as LiteRT files: what they compute, what they weigh, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from archmend.cli.app import app
from archmend.datasets import Prepared
from archmend.errors import BadInput
from archmend.networks import save_model
from archmend.networks.lite import LiteModel, to_lite
from archmend.steps.export import Exported, ExportRequest, export

# Keras' own, on saving a model.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "export.schema.json"


@pytest.fixture(scope="module")
def net(data: Prepared) -> keras.Model:
    """A convolutional network, normalised and with dropout, that has learned digits a little."""
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input(data.info.shape),
            keras.layers.Reshape((8, 8, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(data.train.x, data.train.y, epochs=4, verbose=0)
    return made


@pytest.fixture(scope="module")
def saved(net: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(net, tmp_path_factory.mktemp("model") / "model.keras")


def test_the_file_computes_what_the_model_does(net: keras.Model, data: Prepared) -> None:
    lite = LiteModel(to_lite(net))
    for count in (1, 7, 1):
        rows = data.test.x[:count].astype(np.float32)
        np.testing.assert_allclose(lite.predict(rows), net(rows, training=False), atol=1e-5)
    latency = lite.latency(data.test.x[:1].astype(np.float32))
    assert 0 < latency.median_ms <= latency.p95_ms


def test_fewer_bits_weigh_less_and_say_nearly_the_same(saved: Path, data: Prepared, tmp_path: Path) -> None:
    found = {
        weights: export(ExportRequest(model=saved, data="digits", weights=weights, out=tmp_path / weights))
        for weights in ("float32", "float16", "int8")
    }
    sizes = [found[weights].lite.size_bytes for weights in ("float32", "float16", "int8")]
    assert sizes[0] > 1.5 * sizes[1] > 2 * sizes[2]
    assert found["float32"].agreement == 1.0
    assert all(e.agreement > 0.98 and e.rows == len(data.test.y) for e in found.values())
    assert all(abs(e.lite.accuracy - e.keras.accuracy) < 0.02 for e in found.values())
    assert found["int8"].keras.accuracy > 0.85
    for weights, exported in found.items():
        assert (tmp_path / weights / "model.tflite").stat().st_size == exported.lite.size_bytes
        read = Exported.model_validate_json((tmp_path / weights / "export.json").read_text())
        assert read == exported


def test_one_unit_tells_two_classes_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=(x[:, 0] > 0).astype(np.int64))
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    made.layers[0].set_weights([np.array([[5.0], [0.0], [0.0]]), np.zeros(1)])
    made.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    save_model(made, tmp_path / "model.keras")
    exported = export(
        ExportRequest(model=tmp_path / "model.keras", data=tmp_path / "rows.npz", out=tmp_path / "out")
    )
    assert (exported.agreement, exported.lite.accuracy) == (1.0, 1.0)


def test_what_the_format_cannot_hold(tmp_path: Path) -> None:
    one, two = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    table = keras.Model([one, two], keras.layers.Concatenate()([one, two]))
    with pytest.raises(BadInput, match=r"takes a table's columns \(a, b\)"):
        to_lite(table)
    texts = keras.Input((1,), dtype="string")
    with pytest.raises(BadInput, match="takes texts"):
        to_lite(keras.Model(texts, keras.layers.StringLookup(vocabulary=["x"])(texts)))
    with pytest.raises(BadInput, match="has 2 outputs"):
        to_lite(keras.Model(one, [keras.layers.Dense(1)(one), keras.layers.Dense(1)(one)]))
    with pytest.raises(BadInput, match="unknown kind of weights 'int4'"):
        to_lite(table, "int4")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="no LiteRT model"):
        LiteModel(b"something else")
    with pytest.raises(BadInput, match=r"none\.keras' does not exist"):
        export(ExportRequest(model="none.keras", data="digits", out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_it_weighs_takes_and_loses(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["export", "--model", str(saved), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Keras" in done.output
    assert "LiteRT" in done.output
    assert "the same class in 100.00%" in done.output
    wrong = CliRunner().invoke(app, ["export", "--model", str(saved), "--weights", "int9"])
    assert isinstance(wrong.exception, BadInput)
    assert "int8" in str(wrong.exception)


def test_published_schema_is_current() -> None:
    current = Exported.model_json_schema(mode="serialization")
    assert json.loads(SCHEMA.read_text()) == current, (
        "write it anew: python -c 'import json; from archmend.steps.export import Exported; "
        'print(json.dumps(Exported.model_json_schema(mode="serialization"), indent=2))\' '
        "> docs/schemas/export.schema.json"
    )
