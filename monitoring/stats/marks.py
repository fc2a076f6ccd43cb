"""Which bins of a summary are good events and which are valid: what an indicator is. Pure: no Django, no database.

Each takes bins, the model and a bound, and returns two masks over the bins, (good, valid), good ⊆ valid. Good and valid
events of any span are then sums of counts, in whatever order buckets are added up: an indicator is linear.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.layouts import (
    BAD,
    CONFUSION_STRIDE,
    FAILED,
    FEEDBACK_DOWN,
    FEEDBACK_UP,
    FINISH_CODES,
    PAST_CAP,
    STATUS_OK,
    log_bin,
)
from monitoring.stats.log_levels import ERROR_CODES
from monitoring.stats.tally import Subject, Tally

Mask = NDArray[np.bool_]
Bins = NDArray[Any]
Marks = Callable[[Bins, Subject, float | None], tuple[Mask, Mask]]
US_PER_MS = 1_000


def available(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Requests that did not fail."""
    return bins == STATUS_OK, _all(bins)


def fast(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Requests that took at most the bound, which is rounded up to the end of its bin (2 %)."""
    if bound_ms is None:
        return ~_all(bins), ~_all(bins)
    return bins <= log_bin(int(bound_ms * US_PER_MS)), _all(bins)


def correct(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Correct among labelled. Where both sides are past the cap nobody knows whether they agree."""
    true, decided = np.divmod(bins, CONFUSION_STRIDE)
    valid = (true != PAST_CAP) | (decided != PAST_CAP)
    return valid & (true == decided), valid


def precise(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """True positives among predicted positives."""
    true, decided = np.divmod(bins, CONFUSION_STRIDE)
    valid = decided == _positive(subject)
    return valid & (true == decided), valid


def recalled(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """True positives among actual positives."""
    true, decided = np.divmod(bins, CONFUSION_STRIDE)
    valid = true == _positive(subject)
    return valid & (true == decided), valid


def not_truncated(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Calls that did not end with finish reason `length`, among those whose finish reason is known."""
    valid = bins != FINISH_CODES[""]
    return valid & (bins != FINISH_CODES["length"]), valid


def not_disliked(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Thumbs up among thumbs."""
    up = bins == FEEDBACK_UP
    return up, up | (bins == FEEDBACK_DOWN)


def not_bad(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Answers that nobody called bad, among those that somebody judged."""
    return bins != BAD, _all(bins)


def passed(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Answers that passed, among those that were judged."""
    return bins != FAILED, _all(bins)


def not_error(bins: Bins, subject: Subject, bound_ms: float | None) -> tuple[Mask, Mask]:
    """Log lines below the level error."""
    return ~np.isin(bins, ERROR_CODES), _all(bins)


def count_marked(metric: str, marks: Marks, tally: Tally, subject: Subject, bound_ms: float | None) -> tuple[int, int]:
    """(good, valid) of a window."""
    cell = tally.cell(metric)
    good, valid = marks(cell.bins, subject, bound_ms)
    return int(cell.counts[good].sum()), int(cell.counts[valid].sum())


def _all(bins: Bins) -> Mask:
    return np.ones(bins.shape, dtype=bool)


def _positive(subject: Subject) -> int:
    """No bin is of a class that has no code."""
    return -1 if subject.positive_code is None else subject.positive_code
