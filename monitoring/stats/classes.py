"""Each class against the rest, from the confusion matrix. Pure: no Django, no database."""

from collections import Counter
from dataclasses import dataclass

from monitoring.stats.averages import binary_f1
from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.tally import Confusion


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """One class; n of its F1 is what is one of it on either side; `support` is how often it was true, `predicted` decided."""

    code: int
    precision: Reading
    recall: Reading
    f1: Reading
    support: int
    predicted: int


def class_qualities(confusion: Confusion) -> list[ClassQuality]:
    """Every class that was seen on either side, the most frequent first."""
    actual: Counter[int] = Counter()
    predicted: Counter[int] = Counter()
    for (true, guess), count in confusion.cells.items():
        actual[true] += count
        predicted[guess] += count
    codes = sorted(actual.keys() | predicted.keys(), key=lambda code: (-actual[code], -predicted[code], code))
    return [_of(code, confusion.cells.get((code, code), 0), predicted[code], actual[code]) for code in codes]


def _of(code: int, hits: int, predicted: int, actual: int) -> ClassQuality:
    f1 = binary_f1(hits, predicted, actual, predicted + actual - hits)
    return ClassQuality(code, ratio(hits, predicted), ratio(hits, actual), f1, actual, predicted)
