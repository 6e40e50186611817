"""From a model and raw rows to class probabilities, or a sentence that says why that cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np

from archmend.datasets import row_count
from archmend.datasets.types import Features
from archmend.errors import BadInput

_BATCH = 256
# float32 sums of a softmax over many classes are off by less than this.
_SUM_TOLERANCE = 1e-3


def check_rows(model: Any, x: Features) -> None:
    """Refuse rows that the model does not take.

    A trailing axis of 1 (the channel of a grey image, a column as a vector) may be there or not.

    Raises:
        BadInput: a table for a model of arrays or the reverse, a column that is not there, another shape,
            a model with several outputs.
    """
    if len(model.outputs) != 1:
        raise BadInput(
            f"the model has {len(model.outputs)} outputs; evaluate one with one output, the classes"
        )
    inputs = {tensor.name: tuple(tensor.shape[1:]) for tensor in model.inputs}
    if isinstance(x, dict):
        if len(inputs) == 1 and len(next(iter(inputs.values()))) > 0 and not set(inputs) & set(x):
            (shape,) = inputs.values()
            raise BadInput(
                f"the model takes rows of shape {shape} and the data is a table with the columns "
                f"{', '.join(x)}; use data of the model's shape"
            )
        if absent := [name for name in inputs if name not in x]:
            raise BadInput(
                f"the model needs the column {absent[0]!r}, which the data does not have "
                f"(it has {', '.join(x)}); use the data that the model was made for"
            )
        return
    if len(inputs) > 1:
        raise BadInput(
            f"the model takes a table with the columns {', '.join(inputs)} and the data has rows of shape "
            f"{x.shape[1:]}; use the data that the model was made for"
        )
    (shape,) = inputs.values()
    if not _fits(shape, x.shape[1:]):
        raise BadInput(
            f"the model takes rows of shape {shape} and the data has rows of shape {x.shape[1:]}; "
            "use data of the model's shape"
        )


def check_labels(y: np.ndarray, rows: int, classes: int) -> None:
    """Refuse labels that are not one class index a row.

    Raises:
        BadInput: no rows, another number of labels, or a label outside 0..classes-1.
    """
    if rows == 0:
        raise BadInput("there are no rows to evaluate on; give at least one")
    if y.shape != (rows,):
        raise BadInput(f"the data has {rows} rows and labels of shape {y.shape}; give one label a row")
    if not np.issubdtype(y.dtype, np.integer):
        raise BadInput(f"the labels are of type {y.dtype}; give class indices, whole numbers from 0")
    outside = y[(y < 0) | (y >= classes)]
    if len(outside):
        raise BadInput(
            f"the label {outside[0]} is outside the model's {classes} classes 0 to {classes - 1}; "
            "evaluate on data with the classes that the model was made for"
        )


def probabilities_of(model: Any, x: Features) -> np.ndarray:
    """Return class probabilities (rows, classes), float64, each row with the sum 1.

    A softmax output is taken as it is, one sigmoid unit as the second of two classes. Logits are turned
    into probabilities if the model's loss was compiled with `from_logits=True`, and refused otherwise.

    Args:
        model: a built Keras model with one output.
        x: raw rows that `check_rows` accepts.

    Raises:
        BadInput: the output holds NaN or is no probability.
    """
    count = row_count(x)
    parts = [
        np.asarray(model(as_tensors(model, x, slice(i, i + _BATCH)), training=False), dtype=np.float64)
        for i in range(0, count, _BATCH)
    ]
    return as_probabilities(model, np.concatenate(parts))


def as_probabilities(model: Any, output: np.ndarray) -> np.ndarray:
    """Return class probabilities (rows, classes) of what a model, or its copy in another form, says of rows.

    Raises:
        BadInput: the output holds NaN or is no probability.
    """
    return _as_probabilities(output.astype(np.float64), logits=_gives_logits(model))


def as_tensors(model: Any, x: Features, rows: slice) -> Any:
    """Return some rows as the tensors that the model declares: names, types and ranks."""
    import tensorflow as tf

    def tensor(values: np.ndarray, declared: Any) -> Any:
        text = values.dtype.kind in "OU"
        made = tf.constant(values.tolist() if text else values, dtype=None if text else declared.dtype)
        if len(declared.shape) == made.shape.rank + 1:
            return tf.expand_dims(made, -1)
        return tf.squeeze(made, -1) if len(declared.shape) == made.shape.rank - 1 else made

    if isinstance(x, dict):
        return {declared.name: tensor(x[declared.name][rows], declared) for declared in model.inputs}
    return tensor(x[rows], model.inputs[0])


def _as_probabilities(output: np.ndarray, logits: bool) -> np.ndarray:
    if output.ndim != 2:
        raise BadInput(
            f"the model says {output.shape[1:]} numbers of a row; evaluate one with a vector of classes"
        )
    bad = int(np.sum(~np.isfinite(output).all(axis=1)))
    if bad:
        raise BadInput(
            f"the model's output is NaN or infinite in {bad} of {len(output)} rows; train it again, or look "
            "for such values in the data"
        )
    if logits:
        if output.shape[1] == 1:
            output = np.concatenate((np.zeros_like(output), output), axis=1)
        powers = np.exp(output - output.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if output.min() < -_SUM_TOLERANCE or output.max() > 1 + _SUM_TOLERANCE:
        worst = output.min() if output.min() < 0 else output.max()
        raise BadInput(
            f"the model's output {worst:.4g} is no probability; end the model with softmax, or compile its "
            "loss with from_logits=True"
        )
    output = np.clip(output, 0.0, 1.0)
    if output.shape[1] == 1:
        return np.concatenate((1.0 - output, output), axis=1)
    sums = output.sum(axis=1, keepdims=True)
    off = np.abs(sums - 1.0)
    if off.max() > _SUM_TOLERANCE:
        raise BadInput(
            f"the model's outputs of a row add up to {float(sums[off.argmax()][0]):.4g} instead of 1; "
            "end the model with softmax"
        )
    return output / sums


def _fits(shape: tuple[int | None, ...], given: tuple[int, ...]) -> bool:
    if len(shape) == len(given) + 1 and shape[-1] in (1, None):
        shape = shape[:-1]
    elif len(given) == len(shape) + 1 and given[-1] == 1:
        given = given[:-1]
    return len(shape) == len(given) and all(s is None or s == g for s, g in zip(shape, given, strict=True))


def _gives_logits(model: Any) -> bool:
    return getattr(getattr(model, "loss", None), "from_logits", False) is True
