"""Five fields mean at Kubeflow, as six, the minutes that cron means by them."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from archmend.errors import BadInput
from archmend.kubeflow.runs.cron import Cron, from_kubeflow, parse_cron
from archmend.testing.pipelines import SixFields

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES = {3: [m.upper() for m in calendar.month_abbr], 4: ["SUN", "Mon", "tue", "WED", "THU", "FRI", "sat"]}


@st.composite
def parts(draw: st.DrawFn, place: int) -> str:
    low, high = BOUNDS[place]
    first = draw(st.integers(low, high))
    last = draw(st.integers(first, high))
    step = draw(st.integers(1, max(high - low, 1)))
    named = NAMES.get(place)
    if named and draw(st.booleans()):
        return named[first % 7 if place == 4 else first]
    return draw(
        st.sampled_from(
            [
                str(first),
                f"{first}-{last}",
                f"{first}-{last}/{step}",
                f"*/{step}",
                "*",
                "?" if place in (2, 4) else "*",
            ]
        )
    )


@st.composite
def fields(draw: st.DrawFn, place: int) -> str:
    if draw(st.booleans()):
        return "*"
    return ",".join(draw(st.lists(parts(place), min_size=1, max_size=3)))


EXPRESSIONS = st.tuples(*(fields(place) for place in range(5))).map(" ".join)


def meant(text: str, moment: datetime) -> bool:
    """Say by crontab's manual whether a minute is due, value by value."""

    def matches(place: int, value: int) -> bool:
        low, high = BOUNDS[place]
        for part in text.split()[place].split(","):
            span, _, step = part.partition("/")
            if span in "*?":
                ends = [low, min(high, 6) if place == 4 else high]
            else:
                ends = [
                    [n.upper() for n in NAMES[place]].index(end.upper()) if not end.isdigit() else int(end)
                    for end in span.split("-")
                ]
            if value in range(ends[0], ends[-1] + 1, int(step or 1)):
                return True
        return False

    days, weekdays = text.split()[2], text.split()[4]
    of_month = matches(2, moment.day)
    weekday = moment.isoweekday()
    of_week = matches(4, weekday % 7) or (weekday == 7 and matches(4, 7))
    starred = any(part[0] in "*?" for part in (*days.split(","), *weekdays.split(",")))
    return (
        matches(0, moment.minute)
        and matches(1, moment.hour)
        and matches(3, moment.month)
        and ((of_month and of_week) if starred else (of_month or of_week))
    )


def parsed(text: str) -> Cron:
    """Read an expression; a day that is too rare is none to test with."""
    try:
        return parse_cron(text)
    except BadInput as error:
        if "does not come every four years" not in str(error):
            raise
        reject()


@given(EXPRESSIONS, st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_six_fields_mean_the_same_minutes(text: str, begin: datetime) -> None:
    cron = parsed(text)
    kubeflow = SixFields(cron.kubeflow)
    begin = begin.replace(second=0, microsecond=0, tzinfo=UTC)
    # Each day of two weeks at minutes all over it, and two whole hours.
    moments = [begin + timedelta(minutes=7 * 61 * n) for n in range(40)]
    moments += [begin + timedelta(minutes=n) for n in range(60)]
    for moment in moments:
        due = meant(text, moment)
        assert kubeflow.is_due(moment) is due, (cron.kubeflow, moment)
        assert not kubeflow.is_due(moment.replace(second=30))
    end = begin + timedelta(minutes=59)
    listed = list(cron.times(begin - timedelta(minutes=1), end))
    assert listed == [m for m in moments[40:] if meant(text, m)]


@given(EXPRESSIONS)
@settings(max_examples=30, deadline=None)
def test_what_kubeflow_holds_reads_back_as_the_same(text: str) -> None:
    cron = parsed(text)
    back = from_kubeflow(cron.kubeflow)
    assert back is not None
    assert back.kubeflow == cron.kubeflow


@pytest.mark.parametrize(
    ("five", "six"),
    [
        ("*/2 * * * *", "0 */2 * * * *"),
        ("30 2 * * *", "0 30 2 * * *"),
        ("0 9 * * 1-5", "0 0 9 * * 1-5"),
        ("0 9 * * MON-FRI", "0 0 9 * * MON-FRI"),
        ("0 0 * * 7", "0 0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 0 * * 0,5,6"),
        ("0 0 * * 1-7/2", "0 0 0 * * 0,1,3,5"),
        ("0 0 * * 0-7/2", "0 0 0 * * 0,2,4,6"),
        ("0 0 13 * */7,7", "0 0 0 13 * */7,0"),
        ("0  0\t1 JAN,jul ?", "0 0 0 1 JAN,jul ?"),
    ],
)
def test_conversions(five: str, six: str) -> None:
    assert parse_cron(five).kubeflow == six


def test_a_day_of_the_month_and_a_weekday_are_either_of_them() -> None:
    cron = parse_cron("0 12 13 * FRI")
    due = list(cron.times(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)))
    assert [moment.day for moment in due] == [6, 13, 20, 27]


def test_times_are_those_of_the_controllers_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    cron = parse_cron("0 9 * * *")
    before, after = datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
    # The clocks go forward on the 29th.
    assert [t.astimezone(UTC).hour for t in cron.times(before, after, berlin)] == [8, 7]


def test_from_kubeflow_does_not_guess_at_what_five_fields_cannot_say() -> None:
    assert from_kubeflow("*/30 * * * * *") is None
    assert from_kubeflow("@daily") is None
    assert from_kubeflow("0 5/10 * * * *") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0 fields; give five: minute, hour, day of the month, month, weekday"),
        ("* * * *", "has 4 fields; give five"),
        ("0 */2 * * * *", "has 6 fields (the seconds in front are Kubeflow's own; leave them out)"),
        ("@daily", "has 1 fields; give five"),
        ("60 * * * *", "the minute of a cron expression is '60': 60 is not between 0 and 59"),
        ("* 24 * * *", "the hour of a cron expression is '24': 24 is not between 0 and 23"),
        ("* * 0 * *", "the day of the month of a cron expression is '0': 0 is not between 1 and 31"),
        ("* * * 13 *", "the month of a cron expression is '13': 13 is not between 1 and 12"),
        ("* * * * 8", "the weekday of a cron expression is '8': 8 is not between 0 and 7"),
        ("* * * JUNE *", "'JUNE' is no number"),
        ("MON * * * *", "'MON' is no number"),
        ("30-10 * * * *", "the range '30-10' ends before it begins"),
        ("5/10 * * * *", "'5/10' has a step and no range; write 5-59/10"),
        ("*/0 * * * *", "0 is not between 1 and 59"),
        ("*/x * * * *", "'x' is no number"),
        ("1, * * * *", "a number is missing"),
        ("-5 * * * *", "a number is missing"),
        ("1-2-3 * * * *", "'2-3' is no number"),
        ("\u0663 * * * *", "is no number"),
        ("0 0 L * *", "'L' is no number"),
        ("0 0 30 2 *", "names a day that does not come every four years; change its day, month or weekday"),
        # The controller looks five years ahead, and starts run after run where it finds nothing.
        ("0 0 29 2 */7", "names a day that does not come every four years"),
    ],
)
def test_bad_expressions(text: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_cron(text)
    assert words in str(caught.value)


def test_a_leap_day_is_a_day() -> None:
    (due,) = parse_cron("0 0 29 2 *").times(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    )
    assert due.date() == date(2028, 2, 29)
