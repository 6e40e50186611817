"""Networks of the spaces for tables, series and cells: what they cost, and what they are."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from archmend.errors import BadInput
from archmend.networks import architecture_of, build, count_flops, count_params, readable, same_architecture
from archmend.networks.kinship import layout_of
from archmend.spaces import Space, create_space, space_source
from archmend.spaces.cells import EDGES, OPERATIONS, living_edges

COLUMNS = (1, 1, 4, 1, 2)
CLASSES = 3


def _space(name: str, shape: tuple[int, ...], columns: tuple[int, ...] | None = None) -> Space:
    return create_space(name, input_shape=shape, classes=CLASSES, columns=columns)


TABULAR, CELLS = _space("tabular", (9,), COLUMNS), _space("cells", (7, 5, 2))
SERIES = _space("series", (11, 2, 1))
WORDS = 40
TEXT = create_space("text", input_shape=(9,), classes=CLASSES, words=WORDS)

EXAMPLES = {
    "tabular-plain": (TABULAR, "2-16-1-1-relu-none-0-0.001"),
    "tabular-batch": (TABULAR, "8-16-2-2-gelu-batch-0.1-0.001"),
    "tabular-layer": (TABULAR, "4-32-1-2-silu-layer-0-0.001"),
    "tabular-numbers": (_space("tabular", (3,), (1, 1, 1)), "4-16-1-1-relu-none-0-0.001"),
    "tabular-category": (_space("tabular", (4,), (4,)), "4-16-1-1-relu-none-0-0.001"),
    "cells-full": (CELLS, "conv3x3-conv1x1-skip-avgpool3x3-conv3x3-conv3x3"),
    "cells-dead": (CELLS, "conv3x3-none-conv1x1-none-none-none"),
    "cells-pruned": (CELLS, "conv3x3-none-none-skip-none-conv3x3"),
    "series-conv": (SERIES, "2-8-5-4-max-16-3-1-none-none-average-relu-batch-0.1-0.001"),
    "series-gru": (SERIES, "1-8-3-1-max-gru-16-max-elu-none-0-0.001"),
    "series-last": (_space("series", (6,)), "1-8-3-2-none-gru_last-16-relu-none-0-0.001"),
    "text-words": (TEXT, "1-16-0-none-average-0-0-0.001"),
    "text-conv": (TEXT, "0.3-8-2-16-3-max-32-5-none-none-max-16-0.3-0.001"),
    "text-gru": (TEXT, "0.1-8-1-16-5-max-gru-16-average-0-0-0.001"),
    "text-last": (TEXT, "1-8-0-gru_last-32-64-0.1-0.001"),
    "series-channels": (_space("series", (6, 1, 4)), "1-8-3-2-none-none-max-relu-none-0-0.001"),
}


@pytest.mark.parametrize(("space", "code"), EXAMPLES.values(), ids=EXAMPLES)
def test_costs_are_kerass(space: Space, code: str) -> None:
    architecture = space.parse(code)
    model = build(space, architecture, seed=1)
    assert space.cost(architecture) == {"params": count_params(model), "flops": count_flops(model)}
    assert model.output_shape == (None, CLASSES)
    rng, shape = np.random.default_rng(0), (4, *model.input_shape[1:])
    rows = (rng.integers(WORDS, size=shape) if space is TEXT else rng.normal(size=shape)).astype(np.float32)
    # Each weight takes part in what the model says, so that none is paid for in vain.
    assert model(rows).shape == (4, CLASSES)


@pytest.mark.parametrize("space", [TABULAR, CELLS, SERIES, TEXT], ids=lambda space: space.name)
@pytest.mark.parametrize("seed", range(2))
def test_costs_of_drawn_ones_are_kerass(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    model = build(space, architecture)
    assert space.cost(architecture) == {"params": count_params(model), "flops": count_flops(model)}


def test_a_category_is_looked_up_in_its_matrix() -> None:
    model = build(TABULAR, TABULAR.parse("2-16-1-1-relu-none-0-0.001"))
    tables = [layer for layer in model.layers if layer.name.startswith("embedding")]
    assert [tuple(layer.kernel.shape) for layer in tables] == [(4, 2), (2, 1)]
    inner = keras.Model(model.input, tables[0].output)
    row = np.zeros((1, 9), dtype=np.float32)
    row[0, 2 + 3] = 1.0  # the last value of the third column
    assert np.allclose(inner(row), tables[0].kernel.numpy()[3])


def test_a_network_says_the_same_of_a_text_however_much_it_is_padded() -> None:
    longer = create_space("text", input_shape=(14,), classes=CLASSES, words=WORDS)
    texts = np.zeros((4, 9), dtype=np.float32)
    for row, length in enumerate((9, 5, 2, 0)):
        texts[row, :length] = np.random.default_rng(row).integers(1, WORDS, size=length)
    for code in (
        "1-16-0-none-average-0-0-0.001",
        "1-8-1-16-5-none-none-max-16-0-0.001",
        "0.3-8-1-16-3-none-gru-16-max-0-0-0.001",
        "1-8-0-gru_last-16-0-0-0.001",
    ):
        short, long = (build(space, space.parse(code), seed=3) for space in (TEXT, longer))
        said = short(texts).numpy()
        np.testing.assert_allclose(said, long(np.pad(texts, ((0, 0), (0, 5)))).numpy(), atol=1e-5)
        assert np.abs(said[0] - said[1]).max() > 1e-6


def test_rare_words_count_as_unknown() -> None:
    model = build(TEXT, TEXT.parse("0.3-16-0-none-average-0-0-0.001"))
    rows = np.array([[2, 3, 13], [2, 3, 14], [2, 3, 39], [2, 3, 1]], dtype=np.float32)
    said = model(np.pad(rows, ((0, 0), (0, 6)))).numpy()
    assert np.abs(said[0] - said[3]).max() > 1e-6  # the last of the 12 most frequent of 38 words
    np.testing.assert_array_equal(said[1:3], said[[3, 3]])


def test_cells_are_those_of_the_benchmark() -> None:
    assert CELLS.size == len(OPERATIONS) ** len(EDGES) == 15_625


def test_only_what_leads_from_input_to_output_is_built() -> None:
    cell = CELLS.parse("conv3x3-none-none-skip-none-conv3x3")
    # Node 2 has nothing to say, so its convolution hears nothing; node 1 is heard by nobody.
    assert living_edges(cell) == ((0, 3, "skip"),)
    assert living_edges(CELLS.parse("conv3x3-none-conv1x1-none-none-none")) == ()


def test_a_cell_through_which_nothing_leads_still_trains() -> None:
    model = build(CELLS, CELLS.parse("none-none-none-none-none-none"))
    rows = np.random.default_rng(0).normal(size=(8, 7, 5, 2)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=np.arange(8) % CLASSES, y_pred=model(rows, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    # A variable without a gradient would make the optimiser complain.
    assert all(g is not None and np.isfinite(g.numpy()).all() for g in gradients)


@pytest.mark.parametrize(
    ("name", "shape", "columns", "sentence"),
    [
        ("cells", (9,), None, r"space 'cells' needs images .* got rows of shape \(9,\)"),
        ("tabular", (9,), None, "space 'tabular' needs a table .* use 'fc' for vectors"),
        ("series", (9,), COLUMNS, "space 'series' needs time series, got a table; use 'tabular' or 'fc'"),
        ("series", (8, 8, 3), None, r"got rows of shape \(8, 8, 3\); use 'conv' for images"),
    ],
)
def test_data_of_another_kind(
    name: str, shape: tuple[int, ...], columns: tuple[int, ...] | None, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        _space(name, shape, columns)


def test_texts_are_for_the_text_space_alone() -> None:
    for name in ("fc", "conv", "cells", "series", "tabular"):
        with pytest.raises(BadInput, match=f"space '{name}' is for .* data's rows are texts; use 'text'"):
            create_space(name, input_shape=(9,), classes=CLASSES, words=WORDS)
    for shape, columns, sentence in (
        ((8, 8, 1), None, r"space 'text' needs a column of texts .* rows of shape \(8, 8, 1\); use 'conv'"),
        ((9,), COLUMNS, "got a table of 5 columns; name one with --text, or use 'tabular'"),
    ):
        with pytest.raises(BadInput, match=sentence):
            _space("text", shape, columns)
    with pytest.raises(BadInput, match=r"words 1 with rows of shape \(9,\) and columns None are no texts"):
        create_space("text", input_shape=(9,), classes=CLASSES, words=1)


def test_a_repaired_network_is_its_start_as_long_as_its_layers_are() -> None:
    start = TABULAR.parse("2-16-1-1-relu-none-0-0.001")
    model = build(TABULAR, start)
    model.optimizer.learning_rate = 0.01
    assert not readable(TABULAR)
    with pytest.raises(BadInput, match="do not show their architecture; leave the space out"):
        architecture_of(model, TABULAR)
    assert str(same_architecture(model, TABULAR, start)) == "2-16-1-1-relu-none-0-0.01"
    assert layout_of(model) == layout_of(build(TABULAR, start, seed=5))
    assert layout_of(model) != layout_of(build(TABULAR, TABULAR.parse("2-16-1-1-relu-none-0.1-0.001")))


OWN = """
import keras
from archmend.spaces import Choice, Space

space = Space([Choice("returns", ["model", "nothing", "uncompiled", "other_rows", "other_classes", "raise"])])


def build(architecture, input_shape, classes):
    kind = architecture["returns"]
    if kind == "nothing":
        return None
    if kind == "raise":
        raise ValueError("no such layer")
    model = keras.Sequential([
        keras.Input((2,) if kind == "other_rows" else input_shape),
        keras.layers.Dense(classes + (kind == "other_classes"), "softmax"),
    ])
    if kind != "uncompiled":
        model.compile("adam", "sparse_categorical_crossentropy")
    return model
"""


def test_networks_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    space = space_source(str(tmp_path / "mine.py")).space(input_shape=(5,), classes=CLASSES)
    model = build(space, space.parse("model"), seed=3)
    again = build(space, space.parse("model"), seed=3)
    assert (model.get_weights()[0] == again.get_weights()[0]).all()
    for kind, sentence in {
        "nothing": "mine.py, line 8: build() returned NoneType; return a compiled keras.Model",
        "uncompiled": "which is not compiled; call its compile() before",
        "other_rows": "a model of rows (2,), and the data's encoded rows are (5,); take those",
        "other_classes": "a model with the output (4,), and the data has 3 classes; end it with",
        "raise": "mine.py, line 13: build() raised ValueError: no such layer; mend it",
    }.items():
        with pytest.raises(BadInput) as caught:
            build(space, space.parse(kind))
        assert sentence in str(caught.value)
        assert str(caught.value).startswith("mine.py, line ")
