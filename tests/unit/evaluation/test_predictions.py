from __future__ import annotations

import keras
import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.evaluation.predictions import check_labels, check_rows, probabilities_of

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def model(units: int, activation: str | None, loss: object = None) -> keras.Model:
    made = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(units, activation, kernel_initializer="ones")]
    )
    if loss is not None:
        made.compile(loss=loss)
    return made


def table_model() -> keras.Model:
    columns = {name: keras.Input((1,), name=name) for name in ("age", "height")}
    joined = keras.layers.Concatenate()(list(columns.values()))
    return keras.Model(columns, keras.layers.Dense(2, "softmax")(joined))


@pytest.mark.parametrize("rows", [4, 600])
def test_softmax_in_batches(rows: int) -> None:
    x = np.resize(ROWS, (rows, 3))
    net = model(3, "softmax")
    found = probabilities_of(net, x)
    np.testing.assert_allclose(found, net.predict(x, verbose=0), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-15)


def test_one_sigmoid_unit_is_the_second_class() -> None:
    found = probabilities_of(model(1, "sigmoid"), ROWS)
    sums = ROWS.sum(axis=1)
    np.testing.assert_allclose(found[:, 1], 1 / (1 + np.exp(-sums)), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_declared_logits() -> None:
    several = model(2, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    np.testing.assert_allclose(probabilities_of(several, ROWS), 0.5)
    one = model(1, None, keras.losses.BinaryCrossentropy(from_logits=True))
    expected = probabilities_of(model(1, "sigmoid"), ROWS)
    np.testing.assert_allclose(probabilities_of(one, ROWS), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("net", "x", "message"),
    [
        (model(2, None), ROWS, r"the model's output .* is no probability; end the model with softmax"),
        (
            model(2, "sigmoid"),
            ROWS,
            r"outputs of a row add up to .* instead of 1; end the model with softmax",
        ),
        (model(2, "softmax"), ROWS * np.nan, "the model's output is NaN or infinite in 4 of 4 rows"),
    ],
    ids=["logits", "sigmoids", "nan"],
)
def test_no_probabilities(net: keras.Model, x: np.ndarray, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        probabilities_of(net, x)


def test_table_of_columns() -> None:
    x = {"age": np.arange(3.0), "height": np.ones(3), "unused": np.zeros(3)}
    net = table_model()
    check_rows(net, x)
    assert probabilities_of(net, x).shape == (3, 2)


@pytest.mark.parametrize(
    ("net", "x", "message"),
    [
        (
            model(2, "softmax"),
            np.zeros((4, 5)),
            r"takes rows of shape \(3,\) and the data has rows of shape \(5,\)",
        ),
        (model(2, "softmax"), np.zeros((4, 3, 3)), r"rows of shape \(3,\) and the data has .* \(3, 3\)"),
        (model(2, "softmax"), {"a": np.zeros(4)}, r"rows of shape \(3,\) and the data is a table with .* a;"),
        (table_model(), np.zeros((4, 2)), r"a table with the columns age, height and the data has .* \(2,\)"),
        (table_model(), {"age": np.zeros(4)}, r"needs the column 'height', which the data does not have"),
    ],
    ids=["width", "rank", "table", "array", "column"],
)
def test_rows_of_another_shape(net: keras.Model, x: np.ndarray | dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_rows(net, x)


def test_a_trailing_channel_may_be_left_out() -> None:
    net = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    for shape in ((5, 2, 2), (5, 2, 2, 1)):
        check_rows(net, np.zeros(shape))
        assert probabilities_of(net, np.zeros(shape)).shape == (5, 2)


def test_several_outputs() -> None:
    x = keras.Input((3,))
    net = keras.Model(x, [keras.layers.Dense(2)(x), keras.layers.Dense(2)(x)])
    with pytest.raises(BadInput, match="the model has 2 outputs; evaluate one with one output"):
        check_rows(net, ROWS)


@pytest.mark.parametrize(
    ("y", "rows", "message"),
    [
        ([0, 1, 2], 3, "the label 2 is outside the model's 2 classes 0 to 1"),
        ([0, -1], 2, "the label -1 is outside"),
        ([0, 1], 3, r"3 rows and labels of shape \(2,\)"),
        ([[0, 1]], 1, r"1 rows and labels of shape \(1, 2\)"),
        ([0.0, 1.0], 2, "the labels are of type float64; give class indices"),
        ([], 0, "there are no rows to evaluate on"),
    ],
)
def test_labels(y: list[float], rows: int, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        check_labels(np.array(y), rows, 2)
    assert caught.value.exit_code == 2
