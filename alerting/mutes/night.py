"""Whether somebody would have been asleep. Pure: no Django, no database."""

from datetime import datetime, tzinfo
from typing import Final

NIGHT: Final = (22, 7)  # from this hour until that one, on the wall


def is_night(at: datetime, zone: tzinfo) -> bool:
    """From 22 to 7 o'clock in the zone, on the side of a clock change that the moment is on."""
    hour = at.astimezone(zone).hour
    return hour >= NIGHT[0] or hour < NIGHT[1]
