"""What a month will have cost when it is over, by the days of a window. Pure: no Django, no database.

Linear: the month that the window ends in = what was spent of it in the window + rate × the days of it that are not in the
window. The rate is the window's cost per day since the first day that cost anything. The 95 % interval is that of the sum of the R
unseen days, if they scatter as the k whole days seen do (standard deviation s): ± t(0.975, k − 1) · s · √(R + R² / k).
The second term is the doubt about the mean itself. It begins at what is spent, and there is none before two whole days.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, sqrt
from statistics import stdev

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Student's t, 97.5 %, by degrees of freedom from 1 on; then it is nearly normal.
_T = (
    *(12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139),
    *(2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963),
    *(2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272),
)


@dataclass(frozen=True, slots=True)
class Projection:
    """A month's end with its interval, what is spent of it in the window, and on how many whole days that rests."""

    value: float
    low: float | None
    high: float | None
    spent: float
    days: int


def month_start(moment: datetime) -> datetime:
    """The first moment of the month (UTC) that holds a moment."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def project_month(by_day: Mapping[int, float], *, start: datetime, end: datetime) -> Projection | None:
    """The month by the cost of each day (days since the epoch) in the window [start, end); None where nothing cost."""
    costly = [day for day, cost in by_day.items() if cost]
    month = month_start(end - timedelta(microseconds=1))
    begun, ended, first = ((moment - EPOCH) / DAY for moment in (start, end, month))
    if not costly or ended <= (since := max(begun, min(costly))):
        return None
    spent = sum(cost for day, cost in by_day.items() if day >= first)
    unseen = monthrange(month.year, month.month)[1] - (ended - max(begun, first))
    rate = sum(by_day.values()) / (ended - since)
    value = spent + rate * unseen
    whole = [by_day.get(day, 0.0) for day in range(ceil(since), floor(ended))]
    if len(whole) < 2:
        return Projection(value, None, None, spent, len(whole))
    t = _T[min(len(whole) - 1, len(_T)) - 1]
    half = t * stdev(whole) * sqrt(unseen + unseen * unseen / len(whole))
    return Projection(value, max(spent, value - half), value + half, spent, len(whole))
