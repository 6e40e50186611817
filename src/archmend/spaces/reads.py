"""What a condition looks at, seen by letting it look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archmend.spaces.choice import Partial
from archmend.spaces.codes import Scalar

EVERYTHING = ""
"""Stands for all choices made so far; no choice has this name."""
_ABSENT = object()


Question = tuple[str, tuple[Scalar, ...] | None]
"""A choice, and the values of it that are allowed; None where the value itself was asked for."""


class Reads(Mapping[str, Scalar]):
    """The choices made so far, which notes what is asked of them, absent ones too.

    Attributes:
        asked: until now; of `EVERYTHING` once they were gone through.
    """

    def __init__(self, made: Partial) -> None:
        """Show `made`."""
        self._made = made
        self.asked: set[Question] = set()

    def __getitem__(self, name: str) -> Scalar:
        self.asked.add((name, None))
        return self._made[name]

    def allows(self, name: str, allowed: tuple[Scalar, ...]) -> bool:
        """Return whether a choice has one of these values; which of them, or of the others, is not noted."""
        self.asked.add((name, allowed))
        return name in self._made and self._made[name] in allowed

    def __iter__(self) -> Iterator[str]:
        self.asked.add((EVERYTHING, None))
        return iter(self._made)

    def __len__(self) -> int:
        self.asked.add((EVERYTHING, None))
        return len(self._made)

    def copy(self) -> dict[str, Scalar]:
        """Return all of it, as a dict's method of this name does."""
        return dict(self)


def answers(made: Partial, asked: tuple[Question, ...]) -> tuple[object, ...]:
    """Return what was asked; where it is equal, a condition that asks no more says the same."""
    return tuple(_answer(made, *question) for question in asked)


def _answer(made: Partial, name: str, allowed: tuple[Scalar, ...] | None) -> object:
    if name == EVERYTHING:
        return frozenset(made.items())
    value = made.get(name, _ABSENT)
    return value if allowed is None else value in allowed
