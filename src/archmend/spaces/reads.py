"""What a condition looks at, seen by letting it look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archmend.spaces.choice import Partial
from archmend.spaces.codes import Scalar

EVERYTHING = ""
"""Stands for all choices made so far; no choice has this name."""
_ABSENT = object()


class Reads(Mapping[str, Scalar]):
    """The choices made so far, which notes the names that are asked for, absent ones too.

    Attributes:
        names: asked for until now; `EVERYTHING` once they were gone through.
    """

    def __init__(self, made: Partial) -> None:
        """Show `made`."""
        self._made = made
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Scalar:
        self.names.add(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        self.names.add(EVERYTHING)
        return iter(self._made)

    def __len__(self) -> int:
        self.names.add(EVERYTHING)
        return len(self._made)

    def copy(self) -> dict[str, Scalar]:
        """Return all of it, as a dict's method of this name does."""
        return dict(self)


def values_of(made: Partial, names: tuple[str, ...]) -> tuple[object, ...]:
    """Return what `names` stand for; where it is equal, a condition that reads no more says the same."""
    return tuple(frozenset(made.items()) if name == EVERYTHING else made.get(name, _ABSENT) for name in names)
