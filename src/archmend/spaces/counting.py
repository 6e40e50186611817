"""How many architectures a space holds, and all of them in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from archmend.spaces.choice import Choice, Partial, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item, referenced
from archmend.spaces.walking import repetitions

Place = tuple[int, int, int]
"""Of a choice: the item's index, the repetition's number (from 1), the index within the repetition."""


def is_open(items: Sequence[Item]) -> bool:
    """Whether some choice has no end."""
    choices = [c for item in items for c in ((item,) if isinstance(item, Choice) else item.choices)]
    return any(choice.is_open for choice in choices)


def count(items: Sequence[Item]) -> int | float:
    """Return the exact number of architectures, or infinity.

    Subtrees that differ only in choices which no later condition asks for are counted once, so that a
    space of many independent choices takes no time. Behind a predicate, which may ask for anything,
    every architecture is visited.
    """
    if is_open(items):
        return math.inf
    asked = [_asked(items, index) for index in range(len(items) + 1)]
    known: dict[tuple[Place, frozenset[tuple[str, Scalar]]], int] = {}

    def below(place: Place, made: dict[str, Scalar]) -> int:
        found = _at(items, place, made)
        if found is None:
            return 1
        place, choice = found
        key = (place, _relevant(items, place, made, asked[place[0]]))
        if key not in known:
            following = _after(place)
            if choice.active(made):
                known[key] = sum(below(following, {**made, choice.name: v}) for v in _listed(choice))
            else:
                known[key] = below(following, made)
        return known[key]

    return below((0, 1, 0), {})


def enumerate_all(items: Sequence[Item]) -> Iterator[dict[str, Scalar]]:
    """Yield every architecture's values, the last choice changing first; for finite spaces."""

    def below(place: Place, made: dict[str, Scalar]) -> Iterator[dict[str, Scalar]]:
        found = _at(items, place, made)
        if found is None:
            yield made
            return
        place, choice = found
        if not choice.active(made):
            yield from below(_after(place), made)
            return
        for value in _listed(choice):
            yield from below(_after(place), {**made, choice.name: value})

    return below((0, 1, 0), {})


def _listed(choice: Choice) -> Sequence[Scalar]:
    assert isinstance(choice.values, tuple)
    return choice.values


def _at(items: Sequence[Item], place: Place, made: Partial) -> tuple[Place, Choice] | None:
    """Return the choice at a place or the next one after it, None at the end."""
    index, number, within = place
    while index < len(items):
        item = items[index]
        if isinstance(item, Choice):
            if within == 0:
                return (index, 1, 0), item
        else:
            if within == len(item.choices):
                number, within = number + 1, 0
            if number <= repetitions(item, made):
                return (index, number, within), item.at(number)[within]
        index, number, within = index + 1, 1, 0
    return None


def _after(place: Place) -> Place:
    return place[0], place[1], place[2] + 1


def _asked(items: Sequence[Item], index: int) -> frozenset[str] | None:
    return referenced(items[index:])


def _relevant(
    items: Sequence[Item], place: Place, made: Partial, asked: frozenset[str] | None
) -> frozenset[tuple[str, Scalar]]:
    """Return the part of what was decided on which the number of architectures below depends."""
    if asked is None:
        return frozenset(made.items())
    names = set(asked)
    item = items[place[0]]
    if isinstance(item, Repeat):
        names |= {f"{choice.name}_{place[1]}" for choice in item.choices}
    return frozenset((name, made[name]) for name in names if name in made)
