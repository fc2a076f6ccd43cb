"""What failed, by the class of the error that its client names."""

from itertools import compress

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import STATUS_ERROR, WORDS
from monitoring.stats.segments import NONE

ERROR_TYPE = Slot("error_type", "", WORDS)


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """One word of each failed request; nothing where none failed."""
    if STATUS_ERROR not in columns["status"]:
        return
    failed = np.array(columns["status"], dtype=np.int64) == STATUS_ERROR
    words = [word or NONE for word in compress(columns["error_type"], failed)]
    sums.count(ERROR_TYPE, places[failed], sums.named(words), sign)
