"""What predictions and calls share: how they ended, how long they took, what people said of them."""

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats import layouts
from monitoring.stats.layouts import FEEDBACK_DOWN, FEEDBACK_OTHER, FEEDBACK_RATED, FEEDBACK_UP

STATUS = Slot("status", "", layouts.STATUS)
LATENCY = Slot("latency", "", layouts.LOG)
FEEDBACK = Slot("feedback", "", layouts.FEEDBACK)
THUMBS = {"feedback_up": FEEDBACK_UP, "feedback_down": FEEDBACK_DOWN, "feedback_other": FEEDBACK_OTHER}


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Status and latency of every row, feedback of those that have some."""
    sums.count(STATUS, places, columns["status"], sign)
    sums.measure(LATENCY, places, columns["latency_us"], sign)
    if any(any(columns[name]) for name in THUMBS):
        _feedback(sums, columns, places, sign)


def _feedback(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """n counts the events that were rated; the bins of the thumbs count thumbs."""
    thumbs = np.array([columns[name] for name in THUMBS], dtype=np.int64)
    rated = thumbs.any(axis=0)
    sums.count(FEEDBACK, places[rated], np.full(rated.sum(), FEEDBACK_RATED), sign)
    for bin_, times in zip(THUMBS.values(), thumbs, strict=True):
        sums.grow(FEEDBACK, places[times > 0], bin_, sign * times[times > 0])
