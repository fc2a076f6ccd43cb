"""Periods of the calendar in a time zone: days, weeks, months and quarters. Pure: no Django, no database.

A period begins with the first moment of its first local day. Where clocks go forward at midnight that is 01:00 (São Paulo
until 2018), where they go back it is the first of the two midnights; so days have 23 to 25 hours, and none is skipped or
counted twice. Weeks begin on Monday (ISO 8601).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "quarter"]
# What burn rates take a period for, however long the one that runs is.
NOMINAL: Final[dict[str, timedelta]] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=90),
}
MONTHS: Final = {"month": 1, "quarter": 3}


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, in UTC. In a gap the offset before it holds, so that this is where the gap begins."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def first_day(day: date, unit: str) -> date:
    """The first day of the period that holds it."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit in MONTHS:
        return day.replace(day=1, month=(day.month - 1) // MONTHS[unit] * MONTHS[unit] + 1)
    return day


def next_first_day(first: date, unit: str) -> date:
    """The first day of the period after the one that begins there."""
    if unit in MONTHS:
        month = first.month - 1 + MONTHS[unit]
        return date(first.year + month // 12, month % 12 + 1, 1)
    return first + NOMINAL[unit]


def period_of(at: datetime, unit: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, end) of the period that holds a moment, in UTC."""
    first = first_day(at.astimezone(zone).date(), unit)
    return midnight(first, zone), midnight(next_first_day(first, unit), zone)


def days_between(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, datetime, datetime]]:
    """(local day, start, end) of every local day that touches [start, end), cut to it."""
    day = start.astimezone(zone).date()
    while (begins := midnight(day, zone)) < end:
        ends = midnight(day + timedelta(days=1), zone)
        if max(begins, start) < min(ends, end):
            yield day, max(begins, start), min(ends, end)
        day += timedelta(days=1)
