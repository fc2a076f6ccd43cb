"""What a month will have cost when it is over, by its days so far. Pure: no Django, no database.

Linear: spent + rate × remaining days, where rate is spent / elapsed days. The 95 % interval is that of the sum of the
remaining days R, if they scatter as the k whole days so far do (standard deviation s): ± t(0.975, k − 1) · s · √(R + R² / k).
The second term is the doubt about the mean itself. It begins at what is spent, and there is none before two whole days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import stdev

# Student's t, 97.5 %, by degrees of freedom from 1 on; a month has at most 30 whole days behind it.
_T = (
    *(12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139),
    *(2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963),
    *(2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230),
)


@dataclass(frozen=True, slots=True)
class Projection:
    """A month's end: the value with its interval, what is spent of it, and on how many whole days that rests."""

    value: float | None
    low: float | None
    high: float | None
    spent: float
    days: int


def project(whole_days: Sequence[float], *, today: float, elapsed: float, length: int) -> Projection:
    """The month of `length` days after `elapsed` of them, by the cost of each whole day and of the one that has begun."""
    spent = sum(whole_days) + today
    days, remaining = len(whole_days), length - elapsed
    if elapsed <= 0:
        return Projection(None, None, None, spent, days)
    value = spent + spent / elapsed * remaining
    if days < 2:
        return Projection(value, None, None, spent, days)
    half = _T[min(days - 1, len(_T)) - 1] * stdev(whole_days) * sqrt(remaining + remaining * remaining / days)
    return Projection(value, max(spent, value - half), value + half, spent, days)
