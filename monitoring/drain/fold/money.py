"""Where the money of calls goes: by language model and by day, as histograms whose bins count nano-USD instead of calls.

So the money of a hundred models, or of the days of a month, is one row, added and taken away like every histogram.
"""

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import (
    AGREES,
    DAYS,
    DIFFERS_BY,
    LOG,
    OURS_HIGHER,
    OURS_LOWER,
    REPORTED_ONLY,
    UNPRICED,
    WORDS,
    language_model_word,
)
from monitoring.stats.layouts import COMPARED as COMPARED_LAYOUT

CALLS, COSTED, UNPRICED_CALLS, COST = (
    Slot("language_model", key, WORDS) for key in ("calls", "costed", "unpriced", "cost")
)

COMPARED, COMPARED_COST = Slot("compared", "", COMPARED_LAYOUT), Slot("compared_cost", "", LOG)
DAY_COST = Slot("day_cost", "", DAYS)
DAY_US = 86_400_000_000
MICRO_DOLLAR = 1_000


def fold(sums: Sums, columns: Columns, places: Integers, sign: int, pricing: Integers) -> None:
    """`pricing` holds the pricing-1 bin of each call. A call that names no model has none."""
    told = zip(columns["provider"], columns["response_model"], columns["request_model"], strict=True)
    words = [language_model_word(provider, answered or asked) for provider, answered, asked in told]
    models = np.array(sums.named(words), dtype=np.int64)
    named = np.array([bool(word) for word in words], dtype=bool)
    sums.count(CALLS, places[named], models[named], sign)
    unpriced = named & np.isin(pricing, (REPORTED_ONLY, UNPRICED))
    sums.count(UNPRICED_CALLS, places[unpriced], models[unpriced], sign)
    both = zip(columns["cost_nano"], columns["reported_nano"], strict=True)
    nano = [reported if cost is None else cost for cost, reported in both]
    costed = np.array([cost is not None for cost in nano], dtype=bool)
    costs = sign * np.array([cost or 0 for cost in nano], dtype=np.int64)
    sums.count(COSTED, places[costed & named], models[costed & named], sign)
    days = np.array(columns["ts_us"], dtype=np.int64) // DAY_US
    for slot, bins, mine in ((COST, models, costed & named), (DAY_COST, days, costed)):
        sums.add(slot, places[mine], sign)
        sums.grow(slot, places[mine], bins[mine], costs[mine])
    if any(reported is not None for reported in columns["reported_nano"]):
        _compare(sums, columns, places, sign)


def _compare(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Our cost beside the client's own, of the calls that have both."""
    pairs = list(zip(columns["cost_nano"], columns["reported_nano"], strict=True))
    both = np.array([None not in pair for pair in pairs], dtype=bool)
    known = [pair for pair in pairs if None not in pair]
    sums.count(COMPARED, places[both], [_comparison(*pair) for pair in known], sign)
    sums.measure(COMPARED_COST, places[both], [ours for ours, _ in known], sign)


def _comparison(ours: int, theirs: int) -> int:
    if abs(ours - theirs) <= max(theirs // DIFFERS_BY, MICRO_DOLLAR):
        return AGREES
    return OURS_HIGHER if ours > theirs else OURS_LOWER
