"""How long labels took, from the prediction to the moment when its label became known, and which were corrected."""

from itertools import compress

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats import layouts
from monitoring.stats.layouts import STATUS_OK

CORRECTED = Slot("label_corrected", "", layouts.COUNT)
LABEL_LAG = Slot("label_lag", "", layouts.LOG)


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """The lag of each winning label of what did not fail, in µs; a label that is older than its prediction took nothing."""
    moments = columns["label_us"]
    if moments.count(None) == len(moments):
        return
    told = zip(moments, columns["label"], columns["label_value"], columns["status"], strict=True)
    mine = [
        at is not None and (label is not None or value is not None) and status == STATUS_OK
        for at, label, value, status in told
    ]
    pairs = zip(compress(moments, mine), compress(columns["ts_us"], mine), strict=True)
    corrected = [on and changes > 0 for on, changes in zip(mine, columns["label_changes"], strict=True)]
    if any(corrected):
        sums.add(CORRECTED, places[corrected], sign)
    sums.measure(LABEL_LAG, places[mine], [max(0, at - ts) for at, ts in pairs], sign)
