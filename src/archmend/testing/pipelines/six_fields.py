"""Six-field cron expressions as robfig/cron 1.2 reads them, by trying one minute after the other.

Slow and plain on purpose, and sharing nothing with what converts expressions, which is held against it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_NAMES = {
    4: {
        name: 1 + place
        for place, name in enumerate(re.findall("...", "janfebmaraprmayjunjulaugsepoctnovdec"))
    },
    5: {name: place for place, name in enumerate(re.findall("...", "sunmontuewedthufrisat"))},
}


class SixFields:
    """When a six-field expression is due."""

    def __init__(self, text: str) -> None:
        """Read it.

        Raises:
            ValueError: it is none that the controller takes.
        """
        fields = text.split()
        if len(fields) != len(_BOUNDS):
            raise ValueError(f"Expected exactly 6 fields, found {len(fields)}: {text}")
        self._sets = [self._read(word, place) for place, word in enumerate(fields)]
        # A part of a list that begins with a star opens the whole field.
        self._open = any(part[0] in "*?" for place in (3, 5) for part in fields[place].split(","))

    @staticmethod
    def _read(word: str, place: int) -> set[int]:
        low, high = _BOUNDS[place]
        names = _NAMES.get(place, {})
        found: set[int] = set()
        for part in word.split(","):
            span, _, step = part.partition("/")
            ends = span.split("-")
            if span in ("*", "?"):
                first, last = low, high
            else:
                numbers = [names[end.lower()] if end.lower() in names else int(end) for end in ends]
                first, last = numbers[0], numbers[-1]
                if step and len(ends) == 1:
                    last = high
            if not low <= first <= last <= high or (step and int(step) < 1):
                raise ValueError(f"out of range: {part}")
            found.update(range(first, last + 1, int(step or 1)))
        return found

    def is_due(self, moment: datetime) -> bool:
        """Say whether it is due at a second, by that moment's own clock."""
        seconds, minutes, hours, days, months, weekdays = self._sets
        of_month, of_week = moment.day in days, moment.isoweekday() % 7 in weekdays
        return (
            moment.second in seconds
            and moment.minute in minutes
            and moment.hour in hours
            and moment.month in months
            and ((of_month and of_week) if self._open else (of_month or of_week))
        )

    def after(self, moment: datetime, limit: timedelta = timedelta(days=2)) -> datetime | None:
        """Return the next time it is due, None where there is none within the limit."""
        step = timedelta(minutes=1) if self._sets[0] == {0} else timedelta(seconds=1)
        at, end = moment.replace(microsecond=0), moment + limit
        if step.total_seconds() > 1:
            at = at.replace(second=0)
        while (at := at + step) <= end:
            if self.is_due(at):
                return at
        return None
