"""The seed's spaces: fully connected ReLU networks of at most ten layers of at most ten units."""

from __future__ import annotations

from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item

SIZES = range(1, 11)

SEED_FC: tuple[Item, ...] = (Choice("depth", SIZES), Choice("width", SIZES))
"""100 architectures: `depth` 1..10 by one `width` 1..10 of all hidden layers."""

SEED_FC_FREE: tuple[Item, ...] = (Choice("depth", SIZES), Repeat("depth", (Choice("width", SIZES),)))
"""`depth` 1..10 and a width 1..10 for each hidden layer (`width_1`, `width_2`, ...)."""
