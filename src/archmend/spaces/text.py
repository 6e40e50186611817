"""Texts: a vector for each word, convolutions along the words, a recurrent layer, and a summary of all."""

from __future__ import annotations

import math

from archmend.errors import BadInput
from archmend.spaces import costs, recurrent
from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.family import (
    ACTIVATION,
    DROPOUT,
    LEARNING_RATE,
    Family,
    Rows,
    Values,
    one_of,
    part,
    whole,
)
from archmend.spaces.fc import LEARNING_RATES

SPECIAL = 2
"""Numbers that are no word of the vocabulary: 0 behind a text's end, 1 for a word that is not known."""


def known_words(share: float, words: int) -> int:
    """Return how many different numbers a network reads: the most frequent words' and the special ones.

    Words are numbered by how frequent they are, and the rest count as not known.
    """
    return SPECIAL + math.ceil(share * (words - SPECIAL))


def _layers(a: Values, rows: Rows) -> costs.Cost:
    assert rows.words is not None
    (steps,), channels = rows.shape, int(a["embedding"])
    # A vector is looked up and multiplies nothing.
    total = costs.Cost(params=known_words(float(a["vocabulary"]), rows.words) * channels)
    for block in range(1, int(a["blocks"]) + 1):
        filters = int(a[f"filters_{block}"])
        total += costs.conv1d(int(a[f"kernel_{block}"]), channels, filters, steps)
        if a[f"pool_{block}"] == "max":
            steps = (steps + 1) // 2
        channels = filters
    added, channels = recurrent.cost_of(a, channels, steps)
    total += added
    if a["dense"]:
        total += costs.dense(channels, int(a["dense"]))
        channels = int(a["dense"])
    return total + costs.dense(channels, rows.classes)


def _refuse(space: str, rows: Rows) -> None:
    if rows.words is None:
        given = f"an array with rows of shape {rows.shape}; use 'conv' for images, 'fc' for vectors"
        if rows.columns is not None:
            given = f"a table of {len(rows.columns)} columns; name one with --text, or use 'tabular'"
        raise BadInput(f"space {space!r} needs a column of texts (CSV or Parquet), got {given}")


FAMILY = Family(
    "text",
    "texts",
    Rows((32,), 2, words=1000),
    (
        part("vocabulary"),
        whole("embedding", 1, needed=True),
        whole("blocks", 0, usual=0),
        whole("filters", 1, usual=32, each="blocks"),
        whole("kernel", 1, usual=3, each="blocks"),
        one_of("pool", "none", "max", each="blocks"),
        *recurrent.SETTINGS,
        whole("dense", 0, usual=0),
        ACTIVATION,
        DROPOUT,
        LEARNING_RATE,
    ),
    _layers,
    _refuse,
    of_text=True,
)

TEXT: tuple[Item, ...] = (
    Choice("vocabulary", (0.1, 0.3, 1.0)),
    Choice("embedding", (8, 16, 32, 64)),
    Choice("blocks", (0, 1, 2)),
    Repeat(
        "blocks",
        (
            Choice("filters", (16, 32, 64, 128)),
            Choice("kernel", (3, 5)),
            Choice("pool", ("none", "max")),
        ),
    ),
    *recurrent.CHOICES,
    Choice("dense", (0, 16, 64)),
    Choice("dropout", (0.0, 0.1, 0.3, 0.5)),
    Choice("learning_rate", LEARNING_RATES),
)
"""`vocabulary` and `embedding` of words; `blocks` of `filters`, `kernel`, `pool`; `recurrent` with `units`;
a `summary` of all words; `dense`."""
