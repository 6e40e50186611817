"""Texts: vectors of words, convolutions along them, a recurrent layer where chosen, and a summary.

What stands behind a text's end is zero to each convolution, as what stands before its beginning is, and no
part of the summary: a text says the same however much it is padded.
"""

from __future__ import annotations

from typing import Any

from archmend.networks.families.common import Seeds
from archmend.spaces.family import Rows, Values
from archmend.spaces.text import known_words


def text(a: Values, rows: Rows, seeds: Seeds, encoded: Any) -> Any:
    """Return the features of texts, which come as numbers of words, 0 behind the end."""
    import keras

    assert rows.words is not None
    x, there = _words(a, rows.words, seeds, encoded)
    for number in range(1, int(a["blocks"]) + 1):
        x, there = _block(a, seeds, x, there, number)
    if a["recurrent"] != "none":
        x = keras.layers.GRU(
            int(a["units"]),
            return_sequences=a["recurrent"] == "gru",
            kernel_initializer=seeds.initializer("tanh"),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
            name="recurrent",
        )(x, mask=keras.ops.squeeze(there, -1) > 0)
    if a["recurrent"] != "gru_last":
        x = _average(x, there) if a["summary"] == "average" else _highest(x, there)
    x = _dropped(a, seeds, x, "dropout")
    if a["dense"]:
        activation = str(a["activation"])
        x = keras.layers.Dense(
            int(a["dense"]), activation, kernel_initializer=seeds.initializer(activation), name="dense"
        )(x)
    return x


def _words(a: Values, words: int, seeds: Seeds, encoded: Any) -> tuple[Any, Any]:
    """Return the words' vectors (rows, steps, embedding), and 1 where a word is, (rows, steps, 1)."""
    import keras

    known = known_words(float(a["vocabulary"]), words)
    numbers = keras.ops.cast(encoded, "int32")
    if known < words:
        numbers = keras.ops.where(numbers < known, numbers, 1)
    there = keras.ops.expand_dims(keras.ops.cast(numbers > 0, "float32"), -1)
    vectors = keras.layers.Embedding(
        known,
        int(a["embedding"]),
        embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=next(seeds)),
        name="embedding",
    )(numbers)
    return _dropped(a, seeds, vectors * there, "dropout_words"), there


def _block(a: Values, seeds: Seeds, x: Any, there: Any, number: int) -> tuple[Any, Any]:
    import keras

    activation = str(a["activation"])
    x = keras.layers.Conv1D(
        int(a[f"filters_{number}"]),
        int(a[f"kernel_{number}"]),
        padding="same",
        activation=activation,
        kernel_initializer=seeds.initializer(activation),
        name=f"conv_{number}",
    )(x)
    x = x * there
    if a[f"pool_{number}"] == "max":
        x = keras.layers.MaxPooling1D(2, padding="same", name=f"pool_{number}")(x)
        there = keras.layers.MaxPooling1D(2, padding="same", name=f"pool_{number}_words")(there)
    return x, there


def _average(x: Any, there: Any) -> Any:
    import keras

    count = keras.ops.maximum(keras.ops.sum(there, axis=1), 1.0)  # a text may have no words
    return keras.ops.sum(x * there, axis=1) / count


def _highest(x: Any, there: Any) -> Any:
    import keras

    held = keras.ops.where(there > 0, x, -1e9)
    return keras.ops.max(held, axis=1) * keras.ops.max(there, axis=1)


def _dropped(a: Values, seeds: Seeds, x: Any, name: str) -> Any:
    import keras

    if not a["dropout"]:
        return x
    return keras.layers.Dropout(float(a["dropout"]), seed=next(seeds), name=name)(x)
