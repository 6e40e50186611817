"""Every architecture of a finite space, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

from archmend.errors import BadInput
from archmend.search.strategy import Strategy
from archmend.spaces import Architecture


class GridSearch(Strategy):
    """Goes through a finite space in its own order, the last choice changing first.

    It proposes what is over a cost limit, too, so that the journal holds each architecture of the space;
    the loop rejects those without training or charging them.
    """

    name: ClassVar[str] = "grid"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a space without an end.

        Raises:
            BadInput: wrong settings, or an infinite space.
        """
        super().__init__(*args, **kwargs)
        if not self.space.is_finite:
            raise BadInput(
                f"strategy 'grid' needs a finite space and {self.space.name!r} is infinite; use 'random'"
            )
        self._listed: Iterator[Architecture] = iter(self.space)
        self._position = 0

    @property
    def learns(self) -> bool:
        """It does not look at results."""
        return False

    def suggest(self, number: int, before: Mapping[int, Architecture]) -> Architecture | None:
        """Return the architecture at this place of the space's order."""
        if number < self._position:  # an id that a cut search left out
            self._listed, self._position = iter(self.space), 0
        skipped = number - self._position
        self._position = number + 1
        return next(islice(self._listed, skipped, None), None)
