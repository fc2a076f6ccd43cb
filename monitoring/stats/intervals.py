"""Readings and their 95 % intervals. Pure: no Django, no database."""

from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, the number of events it rests on, and its 95 % interval where one makes sense.

    `value` None is *no data*: 0/0 is neither 0 nor 1.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None


def wilson(good: float, valid: float) -> tuple[float, float] | None:
    """Score interval of a proportion (Wilson 1927), which stays inside [0, 1] and works for small samples; None of 0/0."""
    if valid <= 0:
        return None
    share, square = good / valid, Z_95 * Z_95
    centre = (share + square / (2 * valid)) / (1 + square / valid)
    half = Z_95 * sqrt(share * (1 - share) / valid + square / (4 * valid * valid)) / (1 + square / valid)
    low = 0.0 if good == 0 else max(0.0, centre - half)
    high = 1.0 if good == valid else min(1.0, centre + half)
    return low, high


def ratio(good: int, valid: int) -> Reading:
    """good / valid with its Wilson interval; a count that overshoots (good > valid) is held at valid."""
    good = max(0, min(good, valid))
    interval = wilson(good, valid)
    if interval is None:
        return Reading(None, 0)
    return Reading(good / valid, valid, *interval)
