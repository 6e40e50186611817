"""Tables: a vector for each category, and residual blocks of two dense layers."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from archmend.networks.families.common import Seeds
from archmend.spaces.family import Rows, Values
from archmend.spaces.tabular import embedded


def tabular(a: Values, rows: Rows, seeds: Seeds, encoded: Any) -> Any:
    """Return the features of a table's encoded rows.

    A category is one-hot there, so its vector is a product with a matrix, which is a lookup in it.
    """
    import keras

    width, activation = int(a["width"]), str(a["activation"])
    x = _inputs(a, rows, seeds, encoded)
    x = keras.layers.Dense(width, kernel_initializer=seeds.initializer(activation), name="dense")(x)
    for number in range(1, int(a["depth"]) + 1):
        x = keras.layers.Add(name=f"add_{number}")([x, _block(a, seeds, x, number)])
    return keras.layers.Activation(activation, name="activation")(x)


def _inputs(a: Values, rows: Rows, seeds: Seeds, encoded: Any) -> Any:
    import keras

    assert rows.columns is not None
    parts: list[Any] = []
    begin = 0
    for is_number, group in groupby(rows.columns, key=lambda column: column == 1):
        for column in [len(list(group))] if is_number else group:
            part = encoded[:, begin : begin + column]
            begin += column
            if not is_number:
                part = keras.layers.Dense(
                    embedded(column, int(a["embedding"])),
                    use_bias=False,
                    kernel_initializer=seeds.initializer("linear"),
                    name=f"embedding_{len(parts) + 1}",
                )(part)
            parts.append(part)
    return parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="columns")(parts)


def _block(a: Values, seeds: Seeds, x: Any, number: int) -> Any:
    import keras

    activation, width = str(a["activation"]), int(a["width"])
    if a["normalization"] == "batch":
        x = keras.layers.BatchNormalization(name=f"normalization_{number}")(x)
    elif a["normalization"] == "layer":
        x = keras.layers.LayerNormalization(name=f"normalization_{number}")(x)
    x = keras.layers.Dense(
        width * int(a["expansion"]),
        kernel_initializer=seeds.initializer(activation),
        name=f"inner_{number}",
    )(x)
    x = keras.layers.Activation(activation, name=f"activation_{number}")(x)
    if a["dropout"]:
        x = keras.layers.Dropout(float(a["dropout"]), seed=next(seeds), name=f"dropout_{number}")(x)
    return keras.layers.Dense(width, kernel_initializer=seeds.initializer("linear"), name=f"outer_{number}")(
        x
    )
