"""Tables: categories as learned vectors beside the numbers, and a residual network behind them."""

from __future__ import annotations

from archmend.errors import BadInput
from archmend.spaces import costs
from archmend.spaces.choice import Choice
from archmend.spaces.declared import Item
from archmend.spaces.family import (
    ACTIVATION,
    DROPOUT,
    LEARNING_RATE,
    Family,
    Rows,
    Values,
    one_of,
    whole,
)
from archmend.spaces.fc import LEARNING_RATES


def embedded(width: int, embedding: int) -> int:
    """Return the length of a category's vector: no longer than the category has values."""
    return min(embedding, width - 1)


def _layers(a: Values, rows: Rows) -> costs.Cost:
    assert rows.columns is not None
    total, inputs = costs.Cost(), 0
    for column in rows.columns:
        if column == 1:
            inputs += 1
            continue
        length = embedded(column, int(a["embedding"]))
        total += costs.dense(column, length, bias=False)
        inputs += length
    width = int(a["width"])
    inner = width * int(a["expansion"])
    total += costs.dense(inputs, width)
    for _ in range(int(a["depth"])):
        if a["normalization"] != "none":
            total += costs.normalization(width)
        total += costs.dense(width, inner) + costs.dense(inner, width)
    return total + costs.dense(width, rows.classes)


def _refuse(space: str, rows: Rows) -> None:
    if rows.columns is None:
        raise BadInput(
            f"space {space!r} needs a table (CSV or Parquet), got an array with rows of shape {rows.shape}; "
            "use 'fc' for vectors"
        )


FAMILY = Family(
    "tabular",
    "tables",
    Rows((12,), 2, (1, 1, 1, 4, 5)),
    (
        whole("embedding", 1, usual=8),
        whole("width", 1, needed=True),
        whole("depth", 1, needed=True),
        whole("expansion", 1, usual=1),
        ACTIVATION,
        one_of("normalization", "none", "batch", "layer"),
        DROPOUT,
        LEARNING_RATE,
    ),
    _layers,
    _refuse,
    by_columns=True,
)

TABULAR: tuple[Item, ...] = (
    Choice("embedding", (2, 4, 8, 16)),
    Choice("width", (16, 32, 64, 128, 256)),
    Choice("depth", (1, 2, 3, 4)),
    Choice("expansion", (1, 2)),
    Choice("activation", ("relu", "gelu", "silu")),
    Choice("normalization", ("none", "batch", "layer")),
    Choice("dropout", (0.0, 0.1, 0.3)),
    Choice("learning_rate", LEARNING_RATES),
)
"""`embedding` of categories; `depth` residual blocks of `width` units, `expansion` times as many inside."""
