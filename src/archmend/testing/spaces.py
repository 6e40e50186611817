"""Small spaces of every kind, for contracts that are to hold on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from archmend.spaces import Architecture, Choice, OpenIntegers, Repeat, Space

SPACES: Mapping[str, Space] = {
    "small": Space([Choice("a", [1, 2, 3]), Choice("b", ["x", "y"])], name="small"),
    "conditional": Space(
        [
            Choice("kind", ["none", "dense", "conv"]),
            Choice("units", [8, 16, 32], when={"kind": ["dense"]}),
            Choice("kernel", [3, 5], when={"kind": ["conv"]}),
            Choice("stride", [1, 2], when={"kernel": [5]}),
        ],
        name="conditional",
    ),
    "repeated": Space(
        [
            Choice("depth", range(1, 4)),
            Repeat("depth", (Choice("width", (4, 8, 16)),)),
            Choice("rate", [0.1, 1.0]),
        ],
        name="repeated",
    ),
    "open": Space(
        [
            Choice("depth", OpenIntegers(1, 3.0)),
            Repeat("depth", (Choice("width", OpenIntegers(1, 16.0, doubling=True)),)),
        ],
        name="open",
    ),
}
"""Small spaces of every kind: finite, conditional, repeated, without an end. None of them knows costs."""


def sum_of_numbers(architecture: Architecture) -> dict[str, float]:
    """Return as `params` 1 and the sum of an architecture's numbers: a cost that every space can have."""
    numbers = [v for v in architecture.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    return {"params": 1.0 + sum(numbers)}


@cache
def costed(space: Space) -> Space:
    """Return the space with `sum_of_numbers` as its cost, always the same object."""
    return Space(space.choices, name=space.name, cost=sum_of_numbers)


NARROW = Space([Choice(f"n{i}", range(1, 13)) for i in range(8)], name="narrow", cost=sum_of_numbers)
"""430 million architectures, of which 43,758 have `params` of at most `NARROW_PARAMS`: one in 10,000."""
NARROW_PARAMS = 19
