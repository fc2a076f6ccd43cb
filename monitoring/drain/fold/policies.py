"""What policies said of calls when they were drained: per policy, how many were judged and which limits they broke."""

from functools import lru_cache

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats import layouts
from monitoring.stats.verdicts import ANY, BINS, verdicts_of


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """n counts the calls that a policy judged. Calls that no policy judged cost a look."""
    texts = columns["policies"]
    if not any(texts):
        return
    told = np.array(texts, dtype=object)
    for text in set(filter(None, texts)):
        mine = places[told == text]
        for slug, bins in _bins(text):
            slot = Slot("policy", slug, layouts.POLICY)
            sums.add(slot, mine, sign)
            for bin_ in bins:
                sums.grow(slot, mine, np.full(len(mine), bin_), sign)


@lru_cache(maxsize=4_096)
def _bins(text: str) -> list[tuple[str, list[int]]]:
    return [(slug, [ANY, *(BINS[one] for one in found)] if found else []) for slug, found in verdicts_of(text)]
