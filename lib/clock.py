"""The one clock. Everything that says *when* asks here; everything that says *how long* uses real time.

In production the clock is the wall clock. A demonstration starts its story in the past and catches up at a
rate of 0 (stepped by hand) to 600, never ahead of real time. The face is one database row, found through
`settings.CLOCK_ROW` because this room has no models of its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.module_loading import import_string

REREAD_SECONDS = 1.0
MAX_RATE = 600.0
MILLISECONDS_FROM = 10**11
FIRST_YEAR, LAST_YEAR = 1900, 9_000


@dataclass(frozen=True, slots=True)
class ClockFace:
    """`story` was the time when it was `real`; since then story time runs `rate` times as fast."""

    real: datetime
    story: datetime
    rate: float

    def at(self, real_now: datetime) -> datetime:
        """Story time at a real instant, never ahead of it."""
        moved = self.story + timedelta(seconds=(real_now - self.real).total_seconds() * self.rate)
        return min(moved, real_now)


def real_now() -> datetime:
    """Wall-clock time, for sessions, leases, timeouts and retries."""
    return datetime.now(UTC)


@cache
def _row_reader() -> Callable[[], ClockFace | None]:
    reader: Callable[[], ClockFace | None] = import_string(settings.CLOCK_ROW)
    return reader


class _Cached:
    face: ClockFace | None = None
    read_at: float = -REREAD_SECONDS


def forget() -> None:
    """Read the row again at the next call (after this process moved the clock)."""
    _Cached.read_at = -REREAD_SECONDS


def face() -> ClockFace | None:
    """The row, re-read every second; None means real time. A clock that is stepped by hand is read at every call."""
    ticked = time.monotonic()
    stepped = _Cached.face is not None and _Cached.face.rate == 0
    if stepped or ticked - _Cached.read_at >= REREAD_SECONDS:
        _Cached.face = _row_reader()()
        _Cached.read_at = ticked
    return _Cached.face


def now() -> datetime:
    """Story time, aware, in UTC."""
    shown = face()
    return real_now() if shown is None else shown.at(real_now())


def read_moment(text: str) -> datetime:
    """RFC 3339, or a number: epoch seconds below 10^11, milliseconds from there on. Without an offset where the text has
    none; `ValueError` for what is no time, or one before 1900 or after 9000, from which a range leaves the calendar.
    """
    if text.lstrip("-").replace(".", "", 1).isdigit():
        number = float(text)
        seconds = number / 1_000 if abs(number) >= MILLISECONDS_FROM else number
        try:
            found = datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(text) from error
    else:
        found = datetime.fromisoformat(text.upper().replace(" ", "+") if "T" in text.upper() else text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(text)
    return found


@cache
def zone_names() -> frozenset[str]:
    """Of the IANA database that this machine has: some 600 files are looked at for them, so once a process."""
    return frozenset(available_timezones())
