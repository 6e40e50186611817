"""A saved model takes raw rows, loads without archmend, and says where it comes from."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from archmend.datasets import Prepared, encode, open_data
from archmend.errors import BadInput
from archmend.networks import ModelMetadata, build, load_model, save_model, with_encoder
from archmend.spaces import create_space

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def _table(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["size (cm),colour,Gewicht in kg ü,shape,kind"]
    for i in range(90):
        size = "" if i % 9 == 2 else f"{rng.normal(5, 2):.3f}"
        colour = "" if i % 11 == 3 else ("red", "green", "light blue")[i % 3]
        lines.append(f"{size},{colour},{rng.normal():.3f},{'round' if i % 2 else 'flat'},k{i % 2}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    return folder / "rows.csv"


def _images(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 255, size=(60, 5, 4, 3)).astype(np.uint8)
    np.savez(folder / "images.npz", x=x, y=np.arange(60) % 3)
    return folder / "images.npz"


def _gaps(folder: Path) -> Path:
    x = np.random.default_rng(2).normal(3, 2, size=(60, 4))
    x[::7, 1], x[3, 2] = np.nan, np.inf
    np.savez(folder / "gaps.npz", x=x, y=np.arange(60) % 3)
    return folder / "gaps.npz"


def _data(kind: str, folder: Path) -> Prepared:
    if kind == "digits":
        return open_data("digits")
    if kind == "table":
        return open_data(_table(folder), target="kind")
    return open_data(_images(folder)) if kind == "images" else open_data(_gaps(folder), impute="mean")


def _as_rows(part: object) -> object:
    if isinstance(part, dict):
        columns = {n: c.astype(str) if c.dtype == object else c for n, c in part.items()}
        return {name: keras.ops.convert_to_tensor(c[:, None]) for name, c in columns.items()}
    return np.asarray(part)


@pytest.mark.parametrize("kind", ["digits", "table", "images", "gaps"])
def test_the_encoder_in_the_model_is_the_encoding_of_the_data(kind: str, tmp_path: Path) -> None:
    data = _data(kind, tmp_path)
    space = create_space("fc", input_shape=data.info.encoded_shape, classes=len(data.info.classes))
    core = build(space, space.parse("1-16-relu-batch-0.1-0.001"))
    path = save_model(with_encoder(core, data.info), tmp_path / "model.keras", ModelMetadata(run="r"))
    model, metadata = load_model(path)
    assert metadata is not None
    assert metadata.run == "r"
    x = data.test.x
    if isinstance(x, dict):  # a category and gaps that training did not have
        x = {**x, "colour": np.array(["never seen", *x["colour"][1:]], dtype=object)}
    expected = core.predict(encode(data.info.encoding, x), verbose=0)
    np.testing.assert_allclose(model.predict(_as_rows(x), verbose=0), expected, atol=2e-5)


def test_it_loads_where_archmend_is_not_installed(tmp_path: Path) -> None:
    data = _data("table", tmp_path)
    space = create_space("fc", input_shape=data.info.encoded_shape, classes=2)
    save_model(with_encoder(build(space, space.example()), data.info), tmp_path / "model.keras")
    program = (
        "import sys, keras\n"
        "model = keras.models.load_model('model.keras')\n"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'archmend']\n"
        "print(sorted(model.input))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['Gewicht in kg ü', 'colour', 'shape', 'size (cm)']"


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("model")
    with pytest.raises(BadInput, match=r"text\.keras' is no Keras model"):
        load_model(tmp_path / "text.keras")
    with zipfile.ZipFile(tmp_path / "zip.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(BadInput, match="cannot be loaded as a Keras model"):
        load_model(tmp_path / "zip.keras")


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "code.keras")
    with pytest.raises(BadInput, match="cannot be loaded"):
        load_model(tmp_path / "code.keras")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = create_space("fc", input_shape=(4,), classes=2)
    model = build(space, space.example())
    path = save_model(model, tmp_path / "model.keras")
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(model, "save", fail)
    with pytest.raises(RuntimeError):
        save_model(model, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]
