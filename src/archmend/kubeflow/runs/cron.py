"""Cron expressions: five fields checked one by one, and the six that Kubeflow Pipelines reads.

Its controller reads robfig/cron 1.2: seconds come first, there is no zone, Sunday is 0 and not 7 as well. As
in cron, a day counts if either its day of the month or its weekday does, where both are restricted.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from archmend.errors import BadInput

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LEAP = 4
_CALENDARS = 28
"""Years after which weekdays and leap days come again; the century that has no leap day is not looked at."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def _highest(self) -> int:
        return self.high + (self.names == _DAYS)

    def values(self, text: str) -> frozenset[int]:
        """Return the numbers that a field's text stands for."""
        found: set[int] = set()
        for part in text.split(","):
            found.update(self._part(text, part))
        return frozenset(found)

    def _part(self, text: str, part: str) -> range:
        span, slash, step = part.partition("/")
        every = self._number(text, step, 1, self._highest) if slash else 1
        if span in ("*", "?"):
            return range(self.low, self.high + 1, every)
        first, dash, last = span.partition("-")
        low = self._named(text, first)
        if slash and not dash:
            raise self._wrong(text, f"{part!r} has a step and no range; write {first}-{self.high}/{step}")
        high = self._named(text, last) if dash else low
        if high < low:
            raise self._wrong(text, f"the range {span!r} ends before it begins")
        return range(low, high + 1, every)

    def _named(self, text: str, word: str) -> int:
        if word.upper() in self.names:
            return self.low + self.names.index(word.upper())
        return self._number(text, word, self.low, self._highest)

    def _number(self, text: str, word: str, low: int, high: int) -> int:
        if not (word.isascii() and word.isdigit()):
            raise self._wrong(text, f"{word!r} is no number" if word else "a number is missing")
        if not low <= int(word) <= high:
            raise self._wrong(text, f"{word} is not between {low} and {high}")
        return int(word)

    def _wrong(self, text: str, why: str) -> BadInput:
        return BadInput(f"the {self.name} of a cron expression is {text!r}: {why}")


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 6, _DAYS),
)


@dataclass(frozen=True)
class Cron:
    """Times that a cron expression stands for.

    Attributes:
        text: its five fields.
        kubeflow: the six fields for Kubeflow Pipelines.
    """

    text: str
    kubeflow: str
    _minutes: frozenset[int]
    _hours: frozenset[int]
    _days: frozenset[int]
    _months: frozenset[int]
    _weekdays: frozenset[int]
    _is_open: bool
    """Day of the month or weekday is not restricted, as robfig has it: a part of it begins with a star."""

    def times(self, after: datetime, until: datetime, zone: tzinfo = UTC) -> Iterator[datetime]:
        """Yield the times after one instant and not after another.

        Args:
            after: with its zone.
            until: with its zone.
            zone: of the controller's clock.
        """
        day = after.astimezone(zone).date()
        while day <= until.astimezone(zone).date():
            if self._is_due(day):
                for hour in sorted(self._hours):
                    for minute in sorted(self._minutes):
                        due = datetime.combine(day, time(hour, minute), zone)
                        if after < due <= until:
                            yield due
            day += timedelta(days=1)

    def _is_due(self, day: date) -> bool:
        if day.month not in self._months:
            return False
        of_month = day.day in self._days
        of_week = day.isoweekday() % 7 in self._weekdays
        return of_month and of_week if self._is_open else of_month or of_week

    def _comes_every_four_years(self) -> bool:
        """Say whether there is always one within what the controller looks ahead.

        Where there is none it takes that for a time long past, and starts runs without end.
        """
        span = range(2001, 2001 + _CALENDARS + _LEAP)
        years = [year for year in span if any(self._is_due(day) for day in self._days_of(year))]
        return all(any(year in years for year in range(begin, begin + _LEAP)) for begin in span[:_CALENDARS])

    def _days_of(self, year: int) -> Iterator[date]:
        for month in sorted(self._months):
            for day in range(1, monthrange(year, month)[1] + 1):
                yield date(year, month, day)


def parse_cron(text: str) -> Cron:
    """Read a cron expression of five fields: minute, hour, day of the month, month, weekday.

    Raises:
        BadInput: not five fields, a field that is wrong, or a day that never comes.
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        hint = " (the seconds in front are Kubeflow's own; leave them out)" if len(fields) == 6 else ""
        raise BadInput(
            f"the cron expression {text!r} has {len(fields)} fields{hint}; give five: minute, hour, day of "
            "the month, month, weekday"
        )
    minutes, hours, days, months, weekdays = (
        field.values(word) for field, word in zip(_FIELDS, fields, strict=True)
    )
    cron = Cron(
        " ".join(fields),
        " ".join(["0", *fields[:4], ",".join(map(_sunday_is_0, fields[4].split(",")))]),
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        any(part[0] in "*?" for field in (fields[2], fields[4]) for part in field.split(",")),
    )
    if not cron._comes_every_four_years():
        raise BadInput(
            f"the cron expression {text!r} names a day that does not come every four years; change its day, "
            "month or weekday"
        )
    return cron


def _sunday_is_0(part: str) -> str:
    """Return a part of the weekdays without 7, which is cron's Sunday and not robfig's.

    A range that ends in 7 is written out also where its step passes over it: robfig refuses the bound.
    """
    days = _FIELDS[4].values(part)
    span = part.partition("/")[0]
    return ",".join(map(str, sorted({day % 7 for day in days}))) if "7" in span else part


def from_kubeflow(text: str) -> Cron | None:
    """Return the expression of a recurring run, None where it is none that five fields can say."""
    seconds, _, rest = text.strip().partition(" ")
    try:
        return parse_cron(rest) if seconds == "0" else None
    except BadInput:
        return None
