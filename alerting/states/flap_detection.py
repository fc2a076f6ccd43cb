"""Whether an alert flaps: it begins and ends so often that every turn is no news. Pure: no Django, no database.

Nagios's measure (flap detection of Nagios Core, base/flapping.c and the thresholds of its sample nagios.cfg): of the 20
places at which the last 21 looks could have differed, those at which they did, the newest weighing 1.25 and the oldest
0.75; flapping begins at 20 % and ends below 5 %. Looks of rules lie seconds or hours apart, so places are twentieths of
a window: 20 intervals of the rule, at least an hour. Of several turns in one place each counts.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

PLACES: Final = 20
NEWEST, OLDEST = 1.25, 0.75
BEGINS_AT: Final = 0.20
ENDS_BELOW: Final = 0.05
SHORTEST_WINDOW: Final = timedelta(hours=1)


def flap_window(interval: timedelta) -> float:
    """Seconds that are looked back on."""
    return max(PLACES * interval, SHORTEST_WINDOW).total_seconds()


def recent(turns: Iterable[float], *, at: float, window: float) -> list[float]:
    """The turns (seconds since 1970) that still count, none of them later than `at`: a clock may have been put back."""
    return [min(turn, at) for turn in turns if at - turn < window]


def share(turns: Iterable[float], *, at: float, window: float) -> float:
    """The weighed share of changes, 0 to 1."""
    step = window / PLACES
    places = (int((at - turn) / step) for turn in recent(turns, at=at, window=window))
    weights = (NEWEST - (NEWEST - OLDEST) * place / (PLACES - 1) for place in places)
    return min(sum(weights) / PLACES, 1.0)


def flaps(before: bool, turns: Iterable[float], *, at: float, window: float) -> bool:
    """With hysteresis: what flaps goes on until it is nearly still."""
    found = share(turns, at=at, window=window)
    return found >= (ENDS_BELOW if before else BEGINS_AT)
