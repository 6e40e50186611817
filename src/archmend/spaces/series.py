"""Time series: convolutions along time, dilated or not, then perhaps a recurrent layer, then one summary."""

from __future__ import annotations

from archmend.errors import BadInput
from archmend.spaces import costs, recurrent
from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item
from archmend.spaces.family import (
    ACTIVATION,
    DROPOUT,
    LEARNING_RATE,
    NORMALIZATION,
    Family,
    Rows,
    Values,
    one_of,
    whole,
)
from archmend.spaces.fc import LEARNING_RATES


def steps_and_channels(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return how long a row is and how many values it has at each step; None for rows that are no series.

    (steps,) is one value a step; (steps, channels, 1) is what an array (rows, steps, channels) becomes;
    (steps, 1, channels) has each channel standardised by itself.
    """
    if len(shape) == 1:
        return shape[0], 1
    if len(shape) == 3 and 1 in shape[1:]:
        return shape[0], shape[1] * shape[2]
    return None


def _layers(a: Values, rows: Rows) -> costs.Cost:
    form = steps_and_channels(rows.shape)
    assert form is not None
    steps, channels = form
    total = costs.Cost()
    for block in range(1, int(a["blocks"]) + 1):
        filters = int(a[f"filters_{block}"])
        total += costs.conv1d(int(a[f"kernel_{block}"]), channels, filters, steps)
        if a["normalization"] == "batch":
            total += costs.normalization(filters)
        if a[f"pool_{block}"] == "max":
            steps = (steps + 1) // 2
        channels = filters
    added, channels = recurrent.cost_of(a, channels, steps)
    total += added
    return total + costs.dense(channels, rows.classes)


def _refuse(space: str, rows: Rows) -> None:
    if rows.columns is not None:
        raise BadInput(f"space {space!r} needs time series, got a table; use 'tabular' or 'fc'")
    if steps_and_channels(rows.shape) is None:
        raise BadInput(
            f"space {space!r} needs time series (steps,), (steps, channels) or (steps, 1, channels), got "
            f"rows of shape {rows.shape}; use 'conv' for images"
        )


FAMILY = Family(
    "series",
    "time series",
    Rows((64, 3, 1), 5),
    (
        whole("blocks", 1, needed=True),
        whole("filters", 1, needed=True, each="blocks"),
        whole("kernel", 1, usual=3, each="blocks"),
        whole("dilation", 1, usual=1, each="blocks"),
        one_of("pool", "none", "max", each="blocks"),
        *recurrent.SETTINGS,
        ACTIVATION,
        NORMALIZATION,
        DROPOUT,
        LEARNING_RATE,
    ),
    _layers,
    _refuse,
)

SERIES: tuple[Item, ...] = (
    Choice("blocks", (1, 2, 3)),
    Repeat(
        "blocks",
        (
            Choice("filters", (8, 16, 32, 64)),
            Choice("kernel", (3, 5, 9)),
            Choice("dilation", (1, 2, 4)),
            Choice("pool", ("none", "max")),
        ),
    ),
    *recurrent.CHOICES,
    Choice("activation", ("relu", "elu")),
    Choice("normalization", ("none", "batch")),
    Choice("dropout", (0.0, 0.1, 0.3)),
    Choice("learning_rate", LEARNING_RATES),
)
"""`blocks` of `filters`, `kernel`, `dilation`, `pool`; `recurrent` with `units`; a `summary` of all steps."""
