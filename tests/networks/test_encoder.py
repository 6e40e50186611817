"""The encoder's layers against the encoding of the data, on rows of every kind."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archmend.datasets import DataInfo, TextEncoding, encode, open_data
from archmend.networks import build, space_for, with_encoder
from archmend.spaces import create_space

KNOWN = ("red", "green", "light blue", "ü")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataInfo, Any, Any]:
    """What is known of a table, a core for it, and the core with its encoder."""
    rng = np.random.default_rng(0)
    lines = ["size,weight,colour,age,shape,kind"]
    for i in range(120):
        cells = [f"{rng.normal(5, 2):.3f}", f"{rng.normal():.3f}", KNOWN[i % 4], str(i % 7), "ab"[i % 2]]
        cells[i % 5] = "" if i % 6 == 1 else cells[i % 5]
        lines.append(",".join([*cells, f"k{i % 2}"]))
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    path.write_text("\n".join(lines) + "\n")
    info = open_data(str(path), target="kind").info
    space = create_space("fc", input_shape=info.encoded_shape, classes=2)
    core = build(space, space.parse("1-16-tanh-none-0-0.001"))
    return info, core, with_encoder(core, info)


NUMBERS = st.one_of(st.just(np.nan), st.floats(-100, 100, width=32))
ROW = st.fixed_dictionaries(
    {
        "size": NUMBERS,
        "weight": NUMBERS,
        "age": NUMBERS,
        "colour": st.one_of(st.sampled_from([*KNOWN, ""]), st.text("abrg éß_\t", max_size=5)),
        "shape": st.sampled_from(["a", "b", "", "c", "[UNK]"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=4, max_size=4))
def test_rows_of_a_table(table: tuple[DataInfo, Any, Any], rows: list[dict[str, Any]]) -> None:
    info, core, model = table
    kinds = {column.name: column.kind for column in info.encoding.columns}  # type: ignore[union-attr]
    assert set(kinds) == set(rows[0])
    columns = {
        name: np.array([row[name] for row in rows], dtype=np.float64 if kind == "numeric" else object)
        for name, kind in kinds.items()
    }
    # Text goes as TensorFlow's own strings, for NumPy's drop what they take for padding.
    dtypes = {"numeric": "float32", "categorical": "string"}
    given = {
        name: keras.ops.convert_to_tensor(values[:, None].tolist(), dtype=dtypes[kinds[name]])
        for name, values in columns.items()
    }
    expected = np.asarray(core(encode(info.encoding, columns), training=False))
    np.testing.assert_allclose(np.asarray(model(given, training=False)), expected, atol=2e-5)


def test_the_model_shares_the_cores_weights_and_is_of_single_precision(
    table: tuple[DataInfo, Any, Any],
) -> None:
    _, core, model = table
    assert [v.path for v in model.trainable_variables] == [v.path for v in core.trainable_variables]
    assert all(a is b for a, b in zip(model.trainable_variables, core.trainable_variables, strict=True))
    assert {v.dtype for v in model.weights if v.dtype != "int64"} == {"float32"}
    assert model.compiled


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_digits_as_they_come(seed: int) -> None:
    info = open_data("digits").info
    space = create_space("fc", input_shape=info.encoded_shape, classes=10)
    core = build(space, space.parse("1-16-relu-none-0-0.001"), seed=seed)
    rows = np.random.default_rng(seed).integers(0, 17, size=(3, *info.shape)).astype(info.dtype)
    expected = np.asarray(core(encode(info.encoding, rows), training=False))
    found = np.asarray(with_encoder(core, info)(rows, training=False))
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataInfo, Any, Any]:
    """What is known of a column of texts, a core for it, and the core with its encoder."""
    lines = ["the text,kind"]
    for i in range(120):
        lines.append(f'"It\'s {KNOWN[i % 4]} ({i % 7} of them),  I say!",k{i % 2}')
    path = tmp_path_factory.mktemp("data") / "texts.csv"
    path.write_text("\n".join(lines) + "\n")
    info = open_data(str(path), target="kind", text="the text").info
    space = space_for("text", info)
    core = build(space, space.parse("0.3-8-1-16-3-max-none-max-0-0-0.001"))
    return info, core, with_encoder(core, info)


WORD = st.one_of(st.sampled_from(["It's", "RED", "ü", "Ü", "light", "[UNK]", "them),"]), st.text(max_size=4))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(WORD, max_size=9).map(" ".join), min_size=4, max_size=4))
def test_texts_are_cut_into_the_same_words(texts: tuple[DataInfo, Any, Any], rows: list[str]) -> None:
    info, core, model = texts
    encoding = info.encoding
    assert isinstance(encoding, TextEncoding)
    column = {encoding.column: np.array(rows, dtype=object)}
    given = {encoding.column: keras.ops.convert_to_tensor([[row] for row in rows], dtype="string")}
    words = keras.Model(model.inputs, model.get_layer("words").output)
    np.testing.assert_array_equal(np.asarray(words(given)), encode(encoding, column))
    expected = np.asarray(core(encode(encoding, column), training=False))
    np.testing.assert_allclose(np.asarray(model(given, training=False)), expected, atol=2e-5)
