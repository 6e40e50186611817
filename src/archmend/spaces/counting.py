"""How many architectures a space holds, and all of them in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from archmend.spaces.choice import Choice, Partial
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item
from archmend.spaces.reads import Reads, values_of
from archmend.spaces.walking import repetitions

Place = tuple[int, int, int]
"""Of a choice: the item's index, the repetition's number (from 1), the index within the repetition."""


def is_open(items: Sequence[Item]) -> bool:
    """Whether some choice has no end."""
    choices = [c for item in items for c in ((item,) if isinstance(item, Choice) else item.choices)]
    return any(choice.is_open for choice in choices)


def count(items: Sequence[Item]) -> int | float:
    """Return the exact number of architectures, or infinity.

    What is below a place depends only on the choices that conditions there ask for, so it is counted once
    for each of their values: a space of many independent choices takes no time. Which they are is seen as
    the conditions ask, so predicates are no exception, unless one goes through all choices before it.
    """
    if is_open(items):
        return math.inf
    known: dict[Place, dict[tuple[str, ...], dict[tuple[object, ...], int]]] = {}

    def below(place: Place, made: dict[str, Scalar]) -> tuple[int, tuple[str, ...]]:
        for names, counts in known.setdefault(place, {}).items():
            counted = counts.get(values_of(made, names))
            if counted is not None:
                return counted, names
        seen = Reads(made)
        found = _at(items, place, seen)
        number = 1
        if found is not None:
            here, choice = found
            if choice.active(seen):
                number = 0
                for value in _listed(choice):
                    more, asked = below(_after(here), {**made, choice.name: value})
                    number += more
                    seen.names.update(name for name in asked if name != choice.name)
            else:
                number, asked = below(_after(here), made)
                seen.names.update(asked)
        names = tuple(sorted(seen.names))
        known[place].setdefault(names, {})[values_of(made, names)] = number
        return number, names

    return below((0, 1, 0), {})[0]


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
