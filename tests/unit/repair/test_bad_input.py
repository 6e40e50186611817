"""One sentence for each thing that cannot be repaired, and the user's model as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from archmend.errors import BadInput
from archmend.repair import fit

L = keras.layers
X, Y = np.zeros((20, 2), "float32"), np.arange(20) % 2


class Own(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = L.Dense(2, activation="softmax")

    def call(self, x: Any) -> Any:
        return self.inner(x)


def sub() -> Any:
    model = Own()
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def loose() -> Any:
    return keras.Sequential([keras.Input((2,)), L.Dense(2, activation="softmax")])


def two_outputs() -> Any:
    start = keras.Input((2,))
    model = keras.Model(start, [L.Dense(2)(start), L.Dense(2)(start)])
    model.compile("adam", ["mse", "mse"])
    return model


def ok(units: int = 2, loss: str = "sparse_categorical_crossentropy") -> Any:
    model = keras.Sequential([keras.Input((2,)), L.Dense(units, activation="softmax")])
    model.compile("adam", loss)
    return model


BAD_X = np.array([[0.0, np.nan]] * 20, "float32")


@pytest.mark.parametrize(
    ("model", "changes", "said"),
    [
        ("a model", {}, "model is a str; give a compiled"),
        (loose, {}, "is not compiled"),
        (sub, {}, "subclass Own"),
        (two_outputs, {}, "has 2 outputs"),
        (ok, {"strategy": "rulse"}, "unknown repair strategy 'rulse': did you mean 'rules'?"),
        (ok, {"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        (ok, {"epochs": 1.5}, "epochs must be a whole number of at least 1, got 1.5"),
        (ok, {"batch_size": -4}, "batch_size must be a whole number of at least 1, got -4"),
        (ok, {"budget_seconds": 0.0}, "budget_seconds must be above 0, got 0.0"),
        (ok, {"budget_seconds": 1e-9}, "budget_seconds 1e-09 was over before the first batch"),
        (ok, {"max_repairs": -1}, "max_repairs must be a whole number of at least 0, got -1"),
        (ok, {"max_repairs": "x"}, "max_repairs must be a whole number of at least 0, got 'x'"),
        (ok, {"max_repairs": float("nan")}, "max_repairs must be a whole number of at least 0, got nan"),
        (ok, {"budget_seconds": "5"}, "budget_seconds must be a number above 0, got '5'"),
        (ok, {"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        (ok, {"seed": 1.5}, "seed must be a whole number of at least 0, got 1.5"),
        (ok, {"callbacks": keras.callbacks.EarlyStopping()}, "callbacks is one EarlyStopping; give a list"),
        (ok, {"callbacks": [3]}, "callbacks holds 3, which is no Keras callback"),
        (ok, {"callbacks": None}, "callbacks must be a list of Keras callbacks, got None"),
        (ok, {"space": "fc"}, "space is 'fc', which is no Space; give one"),
        (None, {"space": "fc"}, "space is 'fc', which is no Space; give one"),
        (
            ok,
            {"train": (np.zeros((20, 3), "float32"), Y)},
            r"train x has rows of shape \(3,\), the model takes \(2,\)",
        ),
        (ok, {"train": (X[:0], Y[:0])}, "train has no rows"),
        (ok, {"train": (X, Y[:7])}, r"different lengths \[7, 20\]"),
        (ok, {"train": (BAD_X, Y)}, "train x has 20 values that are NaN or infinite"),
        (ok, {"validation": (X, Y + 1)}, "validation y has labels 1 to 2; the model has 2 classes, 0 to 1"),
        (ok, {"validation": X}, "validation is a ndarray; give"),
        (ok, {"train": ({"a": X}, Y)}, r"train x has the entries \['a'\]"),
        (
            lambda: ok(3, "categorical_crossentropy"),
            {},
            r"train y has labels of shape \(\), the model gives \(3,\)",
        ),
        (ok, {"train": tf.data.Dataset.from_tensor_slices((X, Y))}, "must be batched"),
        (ok, {"train": tf.data.Dataset.from_tensor_slices((X, Y)).batch(5).repeat()}, "train never ends"),
        (None, {}, "no space to draw one from"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    model: Callable[[], Any] | str | None, changes: dict[str, Any], said: str
) -> None:
    made = model() if callable(model) else model
    before = [w.copy() for w in made.get_weights()] if isinstance(made, keras.Model) else []
    settings = {"train": (X, Y), "validation": (X, Y), "epochs": 2, **changes}
    with pytest.raises(BadInput, match=said) as caught:
        fit(made, settings.pop("train"), settings.pop("validation"), **settings)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    if isinstance(made, keras.Model):
        assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))
