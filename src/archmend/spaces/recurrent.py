"""What the families of sequences share: perhaps a recurrent layer, then one summary of all steps."""

from __future__ import annotations

from archmend.spaces import costs
from archmend.spaces.choice import Choice
from archmend.spaces.family import Setting, Values, one_of, whole

SETTINGS: tuple[Setting, ...] = (
    one_of("recurrent", "none", "gru", "gru_last"),
    whole("units", 1, usual=32),
    one_of("summary", "average", "max"),
)
CHOICES: tuple[Choice, ...] = (
    Choice("recurrent", ("none", "gru", "gru_last")),
    Choice("units", (16, 32, 64), when={"recurrent": ["gru", "gru_last"]}),
    Choice("summary", ("average", "max"), when={"recurrent": ["none", "gru"]}),
)
"""`gru_last` hands on its last state, so that nothing is left to sum up."""


def cost_of(a: Values, channels: int, steps: int) -> tuple[costs.Cost, int]:
    """Return the recurrent layer's cost, nothing where there is none, and how many channels come after it."""
    if a["recurrent"] == "none":
        return costs.Cost(), channels
    units = int(a["units"])
    return costs.gru(channels, units, steps), units
