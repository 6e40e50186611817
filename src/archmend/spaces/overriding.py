"""A space that takes another one and chooses some things otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from archmend.spaces.choice import Choice, Repeat
from archmend.spaces.declared import Item


def overridden(base: Sequence[Item], item: Item) -> list[Item]:
    """Return the items of `base` with those choices replaced that `item` names, and its others added.

    A plain choice replaces a repeated one inside its repetition, too, where it has no condition of its own
    it keeps that of the one that it replaces.
    """
    if isinstance(item, Choice):
        return _replaced(base, item)
    items = list(base)
    place = next((n for n, one in enumerate(items) if isinstance(one, Repeat) and one.by == item.by), None)
    if place is None:
        return [*items, item]
    held = items[place]
    assert isinstance(held, Repeat)
    given = {choice.name: choice for choice in item.choices}
    kept = [given.pop(choice.name, choice) for choice in held.choices]
    items[place] = Repeat(item.by, (*kept, *given.values()))
    return items


def _replaced(base: Sequence[Item], new: Choice) -> list[Item]:
    items: list[Item] = []
    found = False
    for item in base:
        if isinstance(item, Choice) and item.name == new.name:
            items.append(new)
            found = True
        elif isinstance(item, Repeat) and any(c.name == new.name for c in item.choices):
            items.append(Repeat(item.by, tuple(new if c.name == new.name else c for c in item.choices)))
            found = True
        else:
            items.append(item)
    return items if found else [*items, new]
