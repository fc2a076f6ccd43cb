"""Where the money of calls goes: by language model and by day, as histograms whose bins count nano-USD instead of calls.

So the money of a hundred models, or of the days of a month, is one row, added and taken away like every histogram.
"""

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import DAYS, REPORTED_ONLY, UNPRICED, WORDS, language_model_word

CALLS, COSTED, UNPRICED_CALLS, COST = (
    Slot("language_model", key, WORDS) for key in ("calls", "costed", "unpriced", "cost")
)

DAY_COST = Slot("day_cost", "", DAYS)
DAY_US = 86_400_000_000


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
