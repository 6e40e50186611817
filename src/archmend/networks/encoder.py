"""Standardisation and encoding as layers in front of a network, so that it takes raw rows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from archmend.datasets import ArrayEncoding, DataInfo, NumericColumn, TableEncoding, TextEncoding

if TYPE_CHECKING:
    import keras

_DTYPES = {"numeric": "float32", "categorical": "string"}


def with_encoder(core: keras.Model, info: DataInfo) -> keras.Model:
    """Return a compiled model of raw rows that shares the core's weights.

    It is made of Keras's own layers alone, so it loads where archmend is not installed.

    Args:
        core: takes encoded rows.
        info: of the data, with the encoding that was fitted on its training part.

    Returns:
        Takes (rows, *info.shape), or for a table a dict of columns, each (rows, 1): float32 with NaN for a
        missing number, text with "" for a missing category. Texts are a dict of their column. Gives what the
        core gives of the encoded rows.
    """
    import keras

    if isinstance(info.encoding, TableEncoding):
        inputs, encoded = _table(info.encoding)
    elif isinstance(info.encoding, TextEncoding):
        inputs, encoded = _text(info.encoding)
    else:
        inputs, encoded = _array(info.encoding, info.shape)
    model = keras.Model(inputs, _applied(core, encoded), name=core.name)
    if core.compiled:
        model.compile(
            type(core.optimizer).from_config(core.optimizer.get_config()),
            core.loss,
            metrics=["accuracy"],
            jit_compile=False,
        )
    return model


def _applied(core: Any, encoded: Any) -> Any:
    """Chain the core's own layers; a graph that forks stays one layer."""
    import keras

    if not isinstance(core, keras.Sequential):
        return core(encoded)
    for layer in core.layers:
        encoded = layer(encoded)
    return encoded


def _array(encoding: ArrayEncoding, shape: tuple[int, ...]) -> tuple[Any, Any]:
    import keras

    inputs = keras.Input(shape, name="rows")
    rows = inputs
    if shape != encoding.encoded_shape:
        rows = keras.layers.Reshape(encoding.encoded_shape, name="channel")(rows)
    return inputs, _standardized(rows, encoding.mean, encoding.deviation, encoding.fill, "standardized")


def _table(encoding: TableEncoding) -> tuple[dict[str, Any], Any]:
    import keras

    inputs = {
        column.name: keras.Input((1,), dtype=_DTYPES[column.kind], name=column.name)
        for column in encoding.columns
    }
    parts: list[Any] = []
    # Layers go by number, for a column's name may hold what a layer's must not. Neighbouring numbers
    # are standardised in one go.
    for kind, group in groupby(enumerate(encoding.columns), key=lambda numbered: numbered[1].kind):
        members = list(group)
        if kind == "categorical":
            parts += [_category(column, inputs[column.name], number) for number, column in members]
        else:
            numeric = [column for _, column in members if isinstance(column, NumericColumn)]
            parts.append(_numbers(numeric, [inputs[column.name] for column in numeric], members[0][0]))
    return inputs, parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="encoded")(parts)


def _text(encoding: TextEncoding) -> tuple[dict[str, Any], Any]:
    import keras

    texts = keras.Input((1,), dtype="string", name=encoding.column)
    # Spelt out, since a default that changed would read other words than the network was trained on.
    words = keras.layers.TextVectorization(
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        output_mode="int",
        output_sequence_length=encoding.length,
        vocabulary=list(encoding.vocabulary),
        name="words",
    )(texts)
    return {encoding.column: texts}, keras.ops.cast(words, "float32")


def _numbers(columns: list[NumericColumn], tensors: list[Any], number: int) -> Any:
    import keras

    rows = tensors[0]
    if len(columns) > 1:
        rows = keras.layers.Concatenate(name=f"numbers_{number}")(tensors)
    mean = tuple(column.mean for column in columns)
    deviation = tuple(column.deviation for column in columns)
    fill = tuple(column.fill for column in columns)
    return _standardized(rows, mean, deviation, fill, f"standardized_{number}")


def _category(column: Any, tensor: Any, number: int) -> Any:
    import keras

    return keras.layers.StringLookup(
        vocabulary=list(column.vocabulary), output_mode="one_hot", name=f"category_{number}"
    )(tensor)


def _standardized(
    rows: Any,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    fill: tuple[float, ...] | None,
    name: str,
) -> Any:
    import keras

    if fill is not None:
        rows = keras.ops.where(keras.ops.isfinite(rows), rows, np.asarray(fill, dtype=np.float32))
    variance = [value**2 for value in deviation]
    return keras.layers.Normalization(mean=list(mean), variance=variance, name=name)(rows)
