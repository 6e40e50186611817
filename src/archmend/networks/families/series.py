"""Time series: a chain of convolutions along time, a recurrent layer where chosen, and a summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archmend.networks.families.common import Seeds, normalized
from archmend.spaces.family import Rows, Values
from archmend.spaces.series import steps_and_channels


def series(a: Values, rows: Rows, seeds: Seeds) -> Iterator[Any]:
    """Yield the layers of a series' network."""
    import keras

    form = steps_and_channels(rows.shape)
    assert form is not None
    activation = str(a["activation"])
    yield keras.layers.Reshape(form, name="steps")
    for number in range(1, int(a["blocks"]) + 1):
        yield keras.layers.Conv1D(
            int(a[f"filters_{number}"]),
            int(a[f"kernel_{number}"]),
            dilation_rate=int(a[f"dilation_{number}"]),
            padding="same",
            kernel_initializer=seeds.initializer(activation),
            name=f"conv_{number}",
        )
        yield from normalized(a, activation, number)
        if a["dropout"]:
            yield keras.layers.Dropout(float(a["dropout"]), seed=next(seeds), name=f"dropout_{number}")
        if a[f"pool_{number}"] == "max":
            yield keras.layers.MaxPooling1D(2, padding="same", name=f"pool_{number}")
    if a["recurrent"] != "none":
        yield keras.layers.GRU(
            int(a["units"]),
            return_sequences=a["recurrent"] == "gru",
            kernel_initializer=seeds.initializer("tanh"),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
            name="recurrent",
        )
    if a["recurrent"] == "gru_last":
        return
    pooling = keras.layers.GlobalAveragePooling1D
    yield (pooling if a["summary"] == "average" else keras.layers.GlobalMaxPooling1D)(name="summary")
