"""What comes from outside, checked once: the model, the data, and whether they fit each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archmend.errors import BadInput
from archmend.repair.data import Data, Rows, Stream
from archmend.repair.labels import Labels

SAMPLE_ROWS = 256
"""Rows with missing values on which a model shows that it imputes them."""

_LOSSES = {
    "sparse_categorical_crossentropy": "index",
    "categorical_crossentropy": "onehot",
    "categorical_focal_crossentropy": "onehot",
    "categorical_hinge": "onehot",
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
}


def check_model(model: Any) -> None:
    """Refuse what cannot be repaired: no Keras model, not compiled, subclassed, several outputs."""
    if not isinstance(model, keras.Model):
        raise BadInput(
            f"model is a {type(model).__name__}; give a compiled keras.Sequential or Functional model"
        )
    if not (isinstance(model, keras.Sequential) or type(model).__name__ == "Functional"):
        raise BadInput(
            f"model {model.name!r} is of the subclass {type(model).__name__}, which cannot be read; "
            "build it as a Sequential or with keras.Model(inputs, outputs)"
        )
    if not model.compiled or model.optimizer is None or model.loss is None:
        raise BadInput(
            f"model {model.name!r} is not compiled with an optimizer and a loss; call model.compile first"
        )
    if model.built and len(model.outputs) != 1:
        raise BadInput(f"model {model.name!r} has {len(model.outputs)} outputs; repair takes models with one")


def check_counts(epochs: Any, batch_size: Any, budget_seconds: float | None, max_repairs: int | None) -> None:
    """Refuse counts and budgets that leave nothing to do."""
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise BadInput(f"{name} must be a whole number of at least 1, got {value}")
    if budget_seconds is not None and not (math.isfinite(budget_seconds) and budget_seconds > 0):
        raise BadInput(f"budget_seconds must be above 0, got {budget_seconds}")
    if max_repairs is not None and (
        isinstance(max_repairs, bool) or max_repairs != int(max_repairs) or max_repairs < 0
    ):
        raise BadInput(f"max_repairs must be a whole number of at least 0, got {max_repairs}")


def labels_of(model: Any) -> Labels:
    """Return how the model's compiled loss reads its labels."""
    loss = keras.tree.flatten(model.loss)[0]
    kind: Any = _LOSSES.get(loss_name(model), "other")
    units = model.outputs[0].shape[-1]
    if kind == "other" and units is not None and units > 1:
        # A regression loss on one-hot classes is still a classifier if its output is a distribution.
        last = model.layers[-1]
        kind = "onehot" if getattr(getattr(last, "activation", None), "__name__", "") == "softmax" else kind
    config = loss.get_config() if hasattr(loss, "get_config") else {}
    return Labels(kind, bool(config.get("from_logits", False)))


def loss_name(model: Any) -> str:
    """Return the name of the compiled loss in Keras's long form, such as `mean_squared_error`."""
    loss = model.loss
    if isinstance(loss, list | tuple | Mapping):
        loss = keras.tree.flatten(loss)[0]
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return str(loss)
    # An object's own name may be the user's; its class says what it computes.
    function = getattr(loss, "fn", loss) if isinstance(loss, keras.losses.Loss) else loss
    return str(getattr(function, "__name__", type(function).__name__))


def open_rows(data: Any, name: str, model: Any, labels: Labels, batch_size: int, seed: int) -> Data:
    """Return training or validation data as batches that the model takes.

    Raises:
        BadInput: not (x, y) or a dataset of them, empty, of different lengths, not finite, or not of the
            model's input and output; `name` says which data it is.
    """
    if isinstance(data, tf.data.Dataset):
        stream = Stream(data, name)
        x, y = stream.probe()
        _check_fit(keras.tree.map_structure(np.asarray, x), np.asarray(y), name, model, labels)
        return stream
    if not (isinstance(data, tuple | list) and len(data) == 2):
        raise BadInput(f"{name} is a {type(data).__name__}; give (x, y) arrays or a batched tf.data.Dataset")
    x = keras.tree.map_structure(_array, data[0]) if isinstance(data[0], Mapping) else _array(data[0])
    y = _array(data[1])
    sizes = {len(leaf) if leaf.ndim else 0 for leaf in (*keras.tree.flatten(x), y)}
    if sizes == {0}:
        raise BadInput(f"{name} has no rows; give at least one")
    if len(sizes) > 1:
        raise BadInput(
            f"{name} has x and y of different lengths {sorted(sizes)}; give one label for each row"
        )
    _check_fit(x, y, name, model, labels)
    return Rows(x, y, batch_size, seed)


def labels_for(model: Any, classes: np.ndarray, count: int) -> np.ndarray:
    """Return class indices (rows,) in the form that the model's compiled loss takes.

    Args:
        model: compiled.
        classes: indices from 0.
        count: how many classes there are.

    Raises:
        BadInput: the model's output cannot tell so many classes apart.
    """
    kind, units = labels_of(model).kind, model.outputs[0].shape[-1]
    if kind == "index":
        return classes
    if units == 1 and count == 2:
        return classes[:, None].astype("float32")
    if units != count:
        raise BadInput(
            f"model {model.name!r} gives {units} values a row, the data has {count} classes; "
            "take a model with one output unit a class"
        )
    return np.eye(count, dtype="float32")[classes]


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.astype("float32") if array.dtype == np.float64 else array


def _check_fit(x: Any, y: np.ndarray, name: str, model: Any, labels: Labels) -> None:
    _check_inputs(x, name, model)
    for part, values in (("x", keras.tree.flatten(x)), ("y", [y])):
        bad = count_missing(values)
        if bad and (part == "y" or not _takes_missing(model, x)):
            raise BadInput(f"{name} {part} has {bad} values that are NaN or infinite; remove or impute them")
    _check_labels(y, name, model, labels)


def count_missing(arrays: Iterable[np.ndarray]) -> int:
    """Return how many values of these arrays are NaN or infinite."""
    return sum(int((~np.isfinite(v)).sum()) for v in arrays if np.issubdtype(v.dtype, np.floating))


def _takes_missing(model: Any, x: Any) -> bool:
    """Whether the model answers rows that are not finite with finite numbers: it holds their imputation."""
    floats = [v for v in keras.tree.flatten(x) if np.issubdtype(v.dtype, np.floating)]
    missing = np.zeros(len(floats[0]), bool)
    for values in floats:
        missing |= ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    rows = np.flatnonzero(missing)[:SAMPLE_ROWS]
    output = model(keras.tree.map_structure(lambda v: tf.convert_to_tensor(v[rows]), x), training=False)
    return bool(np.isfinite(np.asarray(output)).all())


def _check_inputs(x: Any, name: str, model: Any) -> None:
    wanted = model.inputs
    if isinstance(x, Mapping):
        names = {tensor.name for tensor in wanted}
        if set(x) != names:
            raise BadInput(
                f"{name} x has the entries {sorted(x)}, the model takes {sorted(names)}; give just these"
            )
        pairs = [(x[tensor.name], tensor) for tensor in wanted]
    elif len(wanted) == 1:
        pairs = [(x, wanted[0])]
    else:
        raise BadInput(
            f"{name} x is one array, the model has {len(wanted)} inputs; give a dict of "
            f"{[t.name for t in wanted]}"
        )
    for array, tensor in pairs:
        expected = tuple(tensor.shape[1:])
        got = tuple(array.shape[1:])
        if len(got) != len(expected) or any(e not in (None, g) for g, e in zip(got, expected, strict=True)):
            raise BadInput(
                f"{name} x has rows of shape {got}, the model takes {expected}; "
                "reshape the data or take another model"
            )


def _check_labels(y: np.ndarray, name: str, model: Any, labels: Labels) -> None:
    output = tuple(model.outputs[0].shape[1:])
    if labels.kind == "index":
        shape = tuple(y.shape[1:])
        if shape not in (output[:-1], (*output[:-1], 1)):
            raise BadInput(
                f"{name} y has labels of shape {shape}; the model's loss takes one class index a row"
            )
        classes = output[-1]
        if (
            not np.issubdtype(y.dtype, np.number)
            or (y != np.round(y)).any()
            or y.min() < 0
            or y.max() >= classes
        ):
            outside = f"{y.min()} to {y.max()}" if np.issubdtype(y.dtype, np.number) else f"of type {y.dtype}"
            raise BadInput(
                f"{name} y has labels {outside}; the model has {classes} classes, 0 to {classes - 1}"
            )
        return
    shape = tuple(y.shape[1:])
    column = labels.kind == "binary" and output == (1,) and shape == ()
    if shape != output and not column:
        raise BadInput(
            f"{name} y has labels of shape {shape}, the model gives {output}; adapt the labels or the model"
        )
    if labels.kind in ("binary", "onehot") and (y.min() < 0 or y.max() > 1):
        raise BadInput(
            f"{name} y has labels {y.min()} to {y.max()}; the model's loss takes labels from 0 to 1"
        )
