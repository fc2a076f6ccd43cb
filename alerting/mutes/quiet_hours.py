"""Until when somebody is to be left alone. Pure: no Django, no database.

Hours are those of a wall clock in a zone, as those of maintenance windows are: 22:00 to 07:00 is nine hours on most nights, eight
or ten where the clocks change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from monitoring.stats.recurrence import Weekly, opening

EVERY_DAY: Final = frozenset(range(7))
# Windows that touch make one long one; more than this many in a row never end.
MOST_IN_A_ROW: Final = 16


@dataclass(frozen=True, slots=True)
class Hours:
    """From `starts` to `ends` on the wall, on the days (0 is Monday) on which it starts; until the next day if it ends first."""

    starts: time
    ends: time
    zone: str
    days: frozenset[int] = EVERY_DAY

    def end_at(self, moment: datetime) -> datetime | None:
        """When the hours that hold the moment end, in UTC; None outside of them."""
        found = opening(Weekly(self.days, self.starts, self.ends, ZoneInfo(self.zone)), at=moment)
        return found[1] if found else None


def quiet_until(windows: Iterable[Hours], moment: datetime) -> datetime | None:
    """When the last of the hours that follow on each other ends; None if none holds the moment, or if they never end."""
    asked, at = list(windows), moment
    for _ in range(MOST_IN_A_ROW):
        ends = [end for hours in asked if (end := hours.end_at(at))]
        if not ends:
            return at if at != moment else None
        at = max(ends)
    return None
