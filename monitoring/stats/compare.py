"""How far apart two readings are, with the interval of their difference. Pure: no Django, no database."""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

from monitoring.stats.intervals import Reading

Verdict = Literal["better", "worse", "different", "same", "unjudged", "no_data"]
Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Difference:
    """After less before; without an interval where one of both has none."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_significant(self) -> bool:
        """The interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def difference(before: Reading, after: Reading) -> Difference | None:
    """The difference of two independent estimates; None where one is missing.

    Square-and-add (MOVER; Zou and Donner 2008): the distance of each estimate to the far end of its own interval. Of two
    proportions with Wilson intervals that is Newcombe's hybrid score interval (1998, method 10).
    """
    if before.value is None or after.value is None:
        return None
    gap = after.value - before.value
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return Difference(gap)
    low = gap - sqrt((after.value - after.low) ** 2 + (before.high - before.value) ** 2)
    high = gap + sqrt((after.high - after.value) ** 2 + (before.value - before.low) ** 2)
    return Difference(gap, low, high)


def judge(found: Difference | None, better: Better) -> Verdict:
    """What the difference says of the second; `unjudged` where no interval bounds it."""
    if found is None:
        return "no_data"
    if found.low is None:
        return "unjudged"
    if not found.is_significant:
        return "same"
    if better == "neither":
        return "different"
    return "better" if (found.value > 0) == (better == "higher") else "worse"
