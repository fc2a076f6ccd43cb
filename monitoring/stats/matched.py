"""What a window may be held against: the reference itself, or the same hours of earlier days or weeks. Pure.

Monday at ten is like other Mondays at ten, and like Sunday at four only by accident. The bins stay those of the
reference, so that the earlier windows are summaries like any other.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

Against = Literal["reference", "day", "week", "reference_week"]
AGAINST: Final[tuple[Against, ...]] = ("reference", "day", "week", "reference_week")
DAY: Final = timedelta(days=1)
WEEK: Final = 7 * DAY
EARLIER: Final[dict[Against, tuple[timedelta, int]]] = {"day": (DAY, 7), "week": (WEEK, 4)}
MOST: Final = 8  # weeks of a reference's period
FURTHEST: Final = timedelta(days=400)
Window = tuple[datetime, datetime]


def matched(against: Against, start: datetime, end: datetime, period: Window | None = None) -> tuple[timedelta, ...]:
    """By how much earlier the windows are that match [start, end), the nearest first; none for `reference`.

    They are whole days or weeks earlier, and neither overlap the window nor each other. `period` is the time that a
    reference was taken from: `reference_week` has the same hours of its weeks, and nothing where it has no period.
    """
    unit, most = EARLIER.get(against, (WEEK, MOST))
    step = unit * max(1, -((start - end) // unit))
    if against == "reference_week":
        return tuple(_within(start, end, step, period)) if period else ()
    return tuple(step * times for times in range(1, most + 1)) if against != "reference" else ()


def _within(start: datetime, end: datetime, step: timedelta, period: Window) -> Iterator[timedelta]:
    """Those that lie within a period."""
    by, found = step, 0
    while found < MOST and by <= FURTHEST and start - by >= period[0]:
        if end - by <= period[1]:
            found += 1
            yield by
        by += step
