"""The one order in which an architecture's choices are made: everything that reads or makes one walks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from archmend.spaces.choice import Choice, Partial, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item

Decide = Callable[[Choice, Partial], Scalar]


def walk(items: Sequence[Item], decide: Decide) -> dict[str, Scalar]:
    """Make every active choice in order, each by `decide`, which sees the ones before it."""
    made: dict[str, Scalar] = {}
    for item in items:
        for choice in made_from(item, made):
            if choice.active(made):
                made[choice.name] = decide(choice, made)
    return made


def made_from(item: Item, made: Partial) -> Iterator[Choice]:
    """Yield the choices that an item stands for, given the ones before it."""
    if isinstance(item, Repeat):
        for number in range(1, repetitions(item, made) + 1):
            yield from item.at(number)
    else:
        yield item


def repetitions(item: Repeat, made: Partial) -> int:
    """Return how often the item's choices are made; 0 where the counting choice is inactive."""
    return int(made.get(item.by, 0))
