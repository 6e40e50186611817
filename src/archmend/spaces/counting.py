"""How many architectures a space holds, and all of them in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from archmend.errors import BadInput
from archmend.spaces.choice import Choice, Partial
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item
from archmend.spaces.reads import Question, Reads, answers
from archmend.spaces.walking import repetitions

_MOST_COUNTS = 200_000
"""Numbers that are kept while a space is counted: some seconds."""

Place = tuple[int, int, int]
"""Of a choice: the item's index, the repetition's number (from 1), the index within the repetition."""


def is_open(items: Sequence[Item]) -> bool:
    """Whether some choice has no end."""
    choices = [c for item in items for c in ((item,) if isinstance(item, Choice) else item.choices)]
    return any(choice.is_open for choice in choices)


def count(items: Sequence[Item]) -> int | float:
    """Return the exact number of architectures, or infinity.

    What is below a place depends only on what conditions there ask, so it is counted once for each of the
    answers: a space of many independent choices takes no time. What that is is seen as the conditions ask,
    so predicates are no exception, unless one goes through all choices before it.

    Raises:
        BadInput: there are too many answers to go through.
    """
    if is_open(items):
        return math.inf
    known: dict[Place, dict[tuple[Question, ...], dict[tuple[object, ...], int]]] = {}
    kept = 0

    def below(place: Place, made: dict[str, Scalar]) -> tuple[int, tuple[Question, ...]]:
        nonlocal kept
        for asked, counts in known.setdefault(place, {}).items():
            counted = counts.get(answers(made, asked))
            if counted is not None:
                return counted, asked
        seen = Reads(made)
        found = _at(items, place, seen)
        number = 1
        if found is not None:
            here, choice = found
            if _active(choice, seen):
                number = 0
                for value in _listed(choice):
                    more, asked = below(_after(here), {**made, choice.name: value})
                    number += more
                    seen.asked.update(question for question in asked if question[0] != choice.name)
            else:
                number, asked = below(_after(here), made)
                seen.asked.update(asked)
        asked = tuple(sorted(seen.asked, key=repr))
        known[place].setdefault(asked, {})[answers(made, asked)] = number
        kept += 1
        if kept > _MOST_COUNTS:
            raise BadInput(
                f"the architectures of this space cannot be counted in {_MOST_COUNTS:,} steps, for its "
                "conditions look at too many choices at once; let them look at fewer, or take choices out"
            )
        return number, asked

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


def _active(choice: Choice, seen: Reads) -> bool:
    if isinstance(choice.when, Mapping):
        return all(seen.allows(parent, tuple(ok)) for parent, ok in choice.when.items())
    return choice.active(seen)


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
