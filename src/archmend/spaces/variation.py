"""Small changes of an architecture: its neighbours, mutation, crossover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from archmend.spaces.choice import Choice, Partial, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.declared import Item
from archmend.spaces.walking import made_from, walk

Values = dict[str, Scalar]


def changed(items: Sequence[Item], values: Partial, name: str, value: Scalar) -> Values:
    """Return the architecture with one choice changed.

    What is still active keeps its value; what becomes active takes its default (a repetition is like
    the one before it); what becomes inactive goes.
    """

    def decide(choice: Choice, made: Partial) -> Scalar:
        if choice.name == name:
            return value
        return values[choice.name] if choice.name in values else choice.default(made)

    return walk(items, decide)


def neighbours(items: Sequence[Item], values: Partial) -> Iterator[Values]:
    """Yield every architecture that one change of one active choice makes, in the order of the choices."""
    decisive = _decisive(items, values)
    for choice in _active(items, values):
        for value in choice.others(values[choice.name]):
            if decisive is None or choice.name in decisive:
                yield changed(items, values, choice.name, value)
            else:  # most choices decide nothing but themselves, and a search looks at very many neighbours
                yield {**values, choice.name: value}


def mutated(items: Sequence[Item], values: Partial, rng: np.random.Generator) -> Values:
    """Change one active choice, each as likely, to another of its values, each as likely.

    An architecture without any other value to take comes back as it is.
    """
    open_to_change = [c for c in _active(items, values) if c.others(values[c.name])]
    if not open_to_change:
        return dict(values)
    choice = open_to_change[int(rng.integers(len(open_to_change)))]
    others = choice.others(values[choice.name])
    return changed(items, values, choice.name, others[int(rng.integers(len(others)))])


def crossed(items: Sequence[Item], first: Partial, second: Partial, rng: np.random.Generator) -> Values:
    """Make each choice as one of the two parents does, each as likely where both make it."""

    def decide(choice: Choice, made: Partial) -> Scalar:
        held: list[Mapping[str, Scalar]] = [p for p in (first, second) if choice.name in p]
        if not held:
            return choice.default(made)
        return held[int(rng.integers(len(held)))][choice.name]

    return walk(items, decide)


def _decisive(items: Sequence[Item], values: Partial) -> set[str] | None:
    """Return the choices by whose values others become active or inactive; None where it may be any."""
    names: set[str] = set()
    for item in items:
        if isinstance(item, Repeat):
            names.add(item.by)
        for choice in made_from(item, values):
            if isinstance(choice.when, Mapping):
                names.update(choice.when)
            elif choice.when is not None:
                return None
    return names


def _active(items: Sequence[Item], values: Partial) -> Iterator[Choice]:
    for item in items:
        for choice in made_from(item, values):
            if choice.name in values:
                yield choice
