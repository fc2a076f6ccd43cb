"""What business events that name a model add: how many of each name, and what they were worth.

Values are whole millionths, so that sums are exact in any order; an event without a value is no event of value 0.
"""

from collections.abc import Sequence
from itertools import compress
from typing import Final

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import COUNT, MILLIONTHS, WORDS
from monitoring.stats.segments import NONE

KIND: Final = "business"
EVENTS = Slot("business", "", WORDS)
VALUE = Slot("business_value", "", WORDS)  # a bin counts millionths instead of events
UNUSABLE = Slot("business_unusable", "", COUNT)
LARGEST: Final = 1e9  # of one event: thousands of the largest still sum up in 64 bits


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Each event under its name; the values of those that have one that can be summed."""
    mine = [kind == KIND for kind in columns["kind"]]
    if not any(mine):
        return
    where = places[mine]
    words = np.array(sums.named(name or NONE for name in compress(columns["name"], mine)), dtype=np.int64)
    sums.count(EVENTS, where, words, sign)
    values = list(compress(columns["value"], mine))
    usable = np.array([is_usable(value) for value in values], dtype=bool)
    given = np.array([value is not None for value in values], dtype=bool)
    worth = millionths(list(compress(values, usable)))
    sums.add(VALUE, where[usable], sign)
    sums.grow(VALUE, where[usable], words[usable], sign * np.array(worth, dtype=np.int64))
    sums.total(VALUE, where[usable], worth, sign)
    sums.add(UNUSABLE, where[given & ~usable], sign)


def is_usable(value: float | None) -> bool:
    """A number that can be summed; NaN is not, and neither is what no 64 bits hold."""
    return value is not None and abs(value) <= LARGEST


def millionths(values: Sequence[float]) -> list[int]:
    """Values as whole numbers."""
    return [round(value * MILLIONTHS) for value in values]
