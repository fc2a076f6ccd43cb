"""What calls add by language model: how many, how many without a price, and their money, as bins of one word each.

A bin of `cost` counts nano-USD instead of calls: so the money of a hundred models is one row per minute, added and
taken away like every histogram.
"""

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import REPORTED_ONLY, UNPRICED, WORDS, language_model_word

CALLS, COST, UNPRICED_CALLS = (Slot("language_model", key, WORDS) for key in ("calls", "cost", "unpriced"))


def fold(sums: Sums, columns: Columns, places: Integers, sign: int, pricing: Integers) -> None:
    """`pricing` holds the pricing-1 bin of each call. A call that names no model has none."""
    told = zip(columns["provider"], columns["response_model"], columns["request_model"], strict=True)
    words = [language_model_word(provider, answered or asked) for provider, answered, asked in told]
    bins = np.array(sums.named(words), dtype=np.int64)
    named = np.array([bool(word) for word in words], dtype=bool)
    sums.count(CALLS, places[named], bins[named], sign)
    both = zip(columns["cost_nano"], columns["reported_nano"], strict=True)
    nano = [reported if cost is None else cost for cost, reported in both]
    costed = named & np.array([cost is not None for cost in nano], dtype=bool)
    costs = np.array([cost or 0 for cost in nano], dtype=np.int64)
    sums.add(COST, places[costed], sign)
    sums.grow(COST, places[costed], bins[costed], sign * costs[costed])
    unpriced = named & np.isin(pricing, (REPORTED_ONLY, UNPRICED))
    sums.count(UNPRICED_CALLS, places[unpriced], bins[unpriced], sign)
