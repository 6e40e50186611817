"""A space that takes another one and chooses some things otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from archmend.spaces.choice import Choice, OpenIntegers, Repeat
from archmend.spaces.declared import Item


def overridden(base: Sequence[Item], item: Item) -> list[Item]:
    """Return the items of `base` with those choices replaced that `item` names, and its others added.

    A plain choice replaces a repeated one inside its repetition, too. Where it has no condition of its own
    it keeps that of the one that it replaces. What depended on a value that is gone does so no more, and
    what can never be made now is left out.
    """
    if isinstance(item, Choice):
        return _possible(_replaced(base, item), item)
    items = list(base)
    place = next((n for n, one in enumerate(items) if isinstance(one, Repeat) and one.by == item.by), None)
    if place is None:
        return [*items, item]
    held = items[place]
    assert isinstance(held, Repeat)
    given = {choice.name: choice for choice in item.choices}
    kept = [_instead(choice, given.pop(choice.name, choice)) for choice in held.choices]
    items[place] = Repeat(item.by, (*kept, *given.values()))
    return items


def _replaced(base: Sequence[Item], new: Choice) -> list[Item]:
    items: list[Item] = []
    found = False
    for item in base:
        if isinstance(item, Choice) and item.name == new.name:
            items.append(_instead(item, new))
            found = True
        elif isinstance(item, Repeat) and new.name in item.names:
            choices = tuple(_instead(c, new) if c.name == new.name else c for c in item.choices)
            items.append(Repeat(item.by, choices))
            found = True
        else:
            items.append(item)
    return items if found else [*items, new]


def _instead(old: Choice, new: Choice) -> Choice:
    return new if new.when is not None else replace(new, when=old.when)


def _possible(items: Sequence[Item], changed: Choice) -> list[Item]:
    """Return the items without conditions on values that the changed choice has no more."""
    found: list[Item] = []
    gone: set[str] = set()
    for item in items:
        if isinstance(item, Repeat):
            choices = [_conditioned(choice, changed, gone) for choice in item.choices]
            left = tuple(choice for choice in choices if choice is not None)
            if left and item.by not in gone:
                found.append(Repeat(item.by, left))
            continue
        choice = _conditioned(item, changed, gone)
        if choice is not None:
            found.append(choice)
    return found


def _conditioned(choice: Choice, changed: Choice, gone: set[str]) -> Choice | None:
    """Return a choice with the conditions that can still hold; None, and noted as gone, where none can."""
    if not isinstance(choice.when, Mapping) or choice.name == changed.name:
        return choice
    when = dict(choice.when)
    if changed.name in when and not isinstance(changed.values, OpenIntegers):
        when[changed.name] = [v for v in when[changed.name] if changed.canonical(v) is not None]
    if any(parent in gone for parent in when) or not all(when.values()):
        gone.add(choice.name)
        return None
    return replace(choice, when=when)
