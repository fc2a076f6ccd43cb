"""What regression adds: its errors as exact sums and as a histogram, once a label is known that is a number.

A stored regression prediction has no class and its value in `score`; its label is the text of a number, else the
outcome's value. Everything is a float64, as scikit-learn computes it: error = prediction - label.
"""

from itertools import compress
from math import isfinite
from typing import Any

import numpy as np

from monitoring.drain.fold.sums import Columns, Integers, Slot, Sums
from monitoring.stats import layouts
from monitoring.stats.exact import Floats, limbs, square_tail
from monitoring.stats.layouts import STATUS_OK, ErrorSum, Value, signed_log_bins

VALUE = Slot("value", "", layouts.VALUE)
ERROR = Slot("error", "", layouts.SIGNED_LOG)
ERROR_SUMS = Slot("error_sums", "", layouts.ERROR_SUMS)
GREATEST, SMALLEST = 1e60, 1e-60
NO_PERCENTAGE = float(np.finfo(np.float64).eps)  # where scikit-learn would divide by this instead of by the label


def fold(sums: Sums, columns: Columns, places: Integers, sign: int) -> None:
    """Values of what did not fail; errors of what has a label that is a number. Classes cost a look at their text."""
    texts, scores = columns["prediction"], columns["score"]
    if "" not in texts:
        return
    given = zip(texts, scores, columns["status"], strict=True)
    mine = [not text and score is not None and status == STATUS_OK for text, score, status in given]
    if not any(mine):
        return
    said = [label_number(*one) for one in zip(*(compress(columns[name], mine) for name in SAID), strict=True)]
    pairs = list(zip(compress(scores, mine), said, strict=True))
    where = places[mine]
    kinds = [_kind(prediction, label) for prediction, label in pairs]
    sums.count(VALUE, where, kinds, sign)
    known = [kind == Value.PAIRED for kind in kinds]
    if any(known):
        predictions, labels = np.array(list(compress(pairs, known)), dtype=np.float64).T
        _errors(sums, where[known], _in_range(predictions), _in_range(labels), sign)


SAID = ("label", "label_value")


def label_number(label: str | None, value: float | None) -> float | None:
    """The label as a number: its text if it has one, else the outcome's value; NaN where that is no number."""
    if label is None:
        return value
    try:
        return float("nan" if "_" in label else label)
    except ValueError:
        return float("nan")


def _kind(prediction: float, label: float | None) -> Value:
    if not is_usable(prediction):
        return Value.NO_NUMBER
    if label is None:
        return Value.UNLABELLED
    return Value.PAIRED if is_usable(label) else Value.LABEL_NO_NUMBER


def is_usable(number: float | None) -> bool:
    """Whether an error can be summed that this is a side of."""
    return number is not None and isfinite(number) and abs(number) <= GREATEST


def _in_range(numbers: Floats) -> Floats:
    """What is nearer to 0 than any unit needs is 0, so that no square underflows."""
    return np.where(np.abs(numbers) < SMALLEST, 0.0, numbers)


def _errors(sums: Sums, places: Integers, predictions: Floats, labels: Floats, sign: int) -> None:
    error = _in_range(predictions - labels)
    sums.count(ERROR, places, signed_log_bins(error.tolist()), sign)
    where, times = np.unique(places, return_counts=True)
    sums.add(ERROR_SUMS, where, sign * times)
    far = np.abs(labels) >= NO_PERCENTAGE
    share = np.abs(error[far] / labels[far])
    for sum_, values, at in (
        (ErrorSum.ERROR, error, places),
        (ErrorSum.ABSOLUTE, np.abs(error), places),
        (ErrorSum.SQUARE, error * error, places),
        (ErrorSum.LABEL, labels, places),
        (ErrorSum.LABEL_SQUARE, labels * labels, places),
        (ErrorSum.LABEL_SQUARE, square_tail(labels), places),
        (ErrorSum.PERCENTAGE, share, places[far]),
        (ErrorSum.PERCENTAGE_SQUARE, share * share, places[far]),
        (ErrorSum.PERCENTAGES, np.ones(len(share)), places[far]),
    ):
        _add(sums, sum_, values, at, sign)


def _add(sums: Sums, sum_: ErrorSum, values: Floats, places: Integers, sign: int) -> None:
    bins, amounts = limbs(sum_, values)
    used: Any = amounts != 0
    sums.grow(ERROR_SUMS, np.broadcast_to(places, bins.shape)[used], bins[used], sign * amounts[used])
