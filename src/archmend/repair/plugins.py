"""Parts by name: our own, and those that installed packages declare as entry points."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from archmend.errors import BadInput, unknown_name

Part = TypeVar("Part")


class PartRegistry(Generic[Part]):
    """Classes of one kind by their `name`, in the order in which they were added.

    Attributes:
        kind: what an error message calls them. group: of the entry points that add more of them.
    """

    def __init__(self, kind: str, group: str, base: type[Part], own: Iterable[type[Part]]) -> None:
        """Start with our `own` classes; entry points are read at the first use."""
        self.kind = kind
        self.group = group
        self._base: type[Any] = base
        self._own = tuple(own)

    def names(self) -> tuple[str, ...]:
        """Return the known names."""
        return tuple(self._classes())

    def own_names(self) -> tuple[str, ...]:
        """Return the names of our own."""
        return tuple(_name(part) for part in self._own)

    def create(self, name: str) -> Part:
        """Return a new one of this name; an unknown name is BadInput."""
        classes = self._classes()
        if name not in classes:
            raise unknown_name(self.kind, name, classes)
        return classes[name]()

    def create_all(self) -> tuple[Part, ...]:
        """Return one of each."""
        return tuple(part() for part in self._classes().values())

    def _classes(self) -> dict[str, type[Part]]:
        found = {_name(part): part for part in self._own}
        for entry_name, part in _declared(self.group):
            if not (isinstance(part, type) and issubclass(part, self._base)):
                raise BadInput(
                    f"entry point {entry_name!r} of {self.group} is {part!r}; "
                    f"it must be a subclass of {self._base.__module__}.{self._base.__name__}"
                )
            found.setdefault(_name(part), part)
        return found


def _name(part: Any) -> str:
    return str(part.name)


@cache
def _declared(group: str) -> tuple[tuple[str, Any], ...]:
    return tuple((entry.name, entry.load()) for entry in entry_points(group=group))
