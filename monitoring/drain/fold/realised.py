"""What predictions turned out to be worth: the value of the outcome that counts for each.

Of a regression the value may be the label itself, where the outcome says none; then it is no money.
"""

from itertools import compress

import numpy as np

from monitoring.drain.fold.business import is_usable, millionths
from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats.layouts import COUNT

VALUE = Slot("outcome_value", "", COUNT)
UNUSABLE = Slot("outcome_value_unusable", "", COUNT)


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Nothing where no outcome tells a value."""
    values = columns["label_value"]
    if values.count(None) == len(values):
        return
    told = zip(values, columns["prediction"], columns["label"], strict=True)
    given = np.array([value is not None and bool(text or label is not None) for value, text, label in told], dtype=bool)
    usable = given & np.array([is_usable(value) for value in values], dtype=bool)
    sums.add(VALUE, places[usable], sign)
    sums.total(VALUE, places[usable], millionths(list(compress(values, usable))), sign)
    sums.add(UNUSABLE, places[given & ~usable], sign)
