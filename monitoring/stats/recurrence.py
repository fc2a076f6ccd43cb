"""When a recurring window is open: so many days of the week, from one time on the wall's clock to another. Pure: no Django.

A window is the stretch between two readings of the wall's clock in its zone. Where clocks go forward, a reading that
never comes is the moment at which they jump; where they go back, a window begins at the first of two equal readings and
ends at the last moment that reads less. A window that never begins (both ends in the same jump) is not there that day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """`days` are 0 (Monday) to 6, all seven for a daily window; `end` at or before `start` is on the next day."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo


def opening(window: Weekly, *, at: datetime) -> tuple[datetime, datetime] | None:
    """Beginning and end, in UTC, of the occurrence that is open at this moment."""
    today = at.astimezone(window.zone).date()
    for day in (today - DAY, today):
        found = _on(window, day)
        if found and found[0] <= at < found[1]:
            return found
    return None


def openings(window: Weekly, *, after: datetime, count: int) -> list[tuple[datetime, datetime]]:
    """The next occurrences that end after this moment; fewer than `count` only if a window never opens."""
    found = (one for one in _from(window, after.astimezone(window.zone).date() - DAY) if one[1] > after)
    return [one for _, one in zip(range(count), found, strict=False)]


def openings_within(window: Weekly, *, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """All occurrences that touch [start, end), whole, in time's order."""
    if end <= start:
        return []
    first, last = (at.astimezone(window.zone).date() for at in (start, end))
    # One of the day before may reach into the first.
    days = (first + number * DAY for number in range(-1, (last - first).days + 1))
    found = (one for day in days if (one := _on(window, day)))
    return [(opens, closes) for opens, closes in found if opens < end and start < closes]


def _from(window: Weekly, first: date) -> Iterator[tuple[datetime, datetime]]:
    # A year holds every day of the week more often than anybody asks.
    for number in range(366):
        found = _on(window, first + number * DAY)
        if found:
            yield found


def _on(window: Weekly, day: date) -> tuple[datetime, datetime] | None:
    if day.weekday() not in window.days:
        return None
    last = day if window.end > window.start else day + DAY
    start, end = _moment(day, window.start, window.zone, fold=0), _moment(last, window.end, window.zone, fold=1)
    return (start, end) if start < end else None


def _moment(day: date, reading: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """The moment of a reading; one that is jumped over is the moment of the jump."""
    local = datetime.combine(day, reading, zone)
    early, late = (local.replace(fold=which).astimezone(UTC) for which in (0, 1))
    if early <= late:
        # PEP 495: equal outside of changes, the earlier and the later of two equal readings where clocks go back.
        return late if fold and _reads_less(late - timedelta(microseconds=1), local) else early
    # In a jump, fold 0 goes by the offset from before it, fold 1 by the one after: the jump is where both offsets meet.
    return _jump(late, early, zone)


def _reads_less(moment: datetime, local: datetime) -> bool:
    """Not so where clocks go back to this very reading: what lies between the two is after it, not before."""
    return moment.astimezone(local.tzinfo).replace(tzinfo=None) < local.replace(tzinfo=None)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the new offset, by bisection."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
