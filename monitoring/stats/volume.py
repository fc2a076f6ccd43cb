"""How many events came, against the same hours of the past: silence, and counts far from what is usual. Pure.

Counts of traffic vary more than dice do, so the past itself says by how much: a count is far when it lies outside of
everything that the matching windows had, by a factor, and when chance alone (Poisson, with the spread of the past on
top) would hardly make it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import fmean, median, variance
from typing import Final, Literal

FEWEST_PAST: Final = 2  # matching windows with events, below which nobody knows what is usual
FACTOR: Final = 2.0
ALPHA: Final = 0.001
State = Literal["no_past", "silent", "low", "high", "usual"]


@dataclass(frozen=True, slots=True)
class Volume:
    """The count of a window beside the median of the matching ones; `ratio` and `p` are None without a past."""

    state: State
    n: int
    usual: float
    ratio: float | None = None
    p: float | None = None


def volume_of(n: int, past: Sequence[int], *, factor: float = FACTOR) -> Volume:
    """What to say of `n` events where matching windows had `past`. Windows without any are from before the model served."""
    known = [count for count in past if count]
    if len(known) < FEWEST_PAST:
        return Volume("no_past", n, 0.0)
    usual = median(known)
    spread = sqrt(max(fmean(known), variance(known)))
    # one-sided: at least as far from the mean on this side
    p = erfc(abs(n - fmean(known)) / spread / sqrt(2)) / 2
    state: State = "usual"
    served = past[: max(place for place, count in enumerate(past) if count) + 1]  # the nearest first
    if not n:
        state = "usual" if 0 in served else "silent"  # who is often quiet is not missed
    elif p <= ALPHA and n * factor <= usual and n < min(known):
        state = "low"
    elif p <= ALPHA and n >= usual * factor and n > max(known):
        state = "high"
    return Volume(state, n, usual, n / usual, p)
