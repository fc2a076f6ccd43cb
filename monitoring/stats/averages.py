"""Averages over classes with their 95 % intervals, as scikit-learn's average="macro" and "weighted". Pure.

The variance is that of the delta method over a multinomial confusion matrix: how much the average changes with one event
more in each cell, squared, times the events there. The interval is Wilson's for a proportion of that variance, so that
it stays within [0, 1] and a perfect average of few events is not called certain.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.intervals import Reading, wilson
from monitoring.stats.tally import Confusion

Floats = NDArray[np.float64]


class Scores(NamedTuple):
    """The score of each class, and how it changes with one true positive, one prediction, one label more; shapes (classes,)."""

    values: Floats
    by_hits: Floats
    by_predicted: Floats
    by_actual: Floats


Score = Callable[[Floats, Floats, Floats], Scores]


def precision(hits: Floats, predicted: Floats, actual: Floats) -> Scores:
    """True positives among predictions; 0 for a class that is never predicted."""
    share = _over(hits, predicted)
    return Scores(share, _over(np.ones_like(hits), predicted), -_over(share, predicted), np.zeros_like(hits))


def recall(hits: Floats, predicted: Floats, actual: Floats) -> Scores:
    """True positives among labels; 0 for a class that is never true."""
    share = _over(hits, actual)
    return Scores(share, _over(np.ones_like(hits), actual), np.zeros_like(hits), -_over(share, actual))


def f1(hits: Floats, predicted: Floats, actual: Floats) -> Scores:
    """2·TP / (predictions + labels)."""
    both = predicted + actual
    share = _over(2 * hits, both)
    slope = -_over(share, both)
    return Scores(share, _over(np.full_like(hits, 2.0), both), slope, slope)


def macro(confusion: Confusion, score: Score) -> Reading:
    """The plain mean over the classes seen on either side (zero_division=0)."""
    return _average(confusion, score, weighted=False)


def weighted(confusion: Confusion, score: Score) -> Reading:
    """Each class weighted by how often it was true."""
    return _average(confusion, score, weighted=True)


def binary_f1(hits: int, predicted: int, actual: int, n: int) -> Reading:
    """F1 of the positive class. It is 2·J / (1 + J) of the share J of true positives among what is predicted or true,
    which is a proportion: so its interval is Wilson's, carried over (it has as many events as that union, n all).
    """
    if predicted + actual == 0:
        return Reading(None, 0)
    interval = wilson(hits, predicted + actual - hits)
    low, high = interval if interval else (0.0, 1.0)
    return Reading(2 * hits / (predicted + actual), n, 2 * low / (1 + low), 2 * high / (1 + high))


def _average(confusion: Confusion, score: Score, *, weighted: bool) -> Reading:
    n = confusion.n
    if not n:
        return Reading(None, 0)
    codes = {code: place for place, code in enumerate(confusion.classes())}
    cells = [(codes[true], codes[guess], count) for (true, guess), count in confusion.cells.items() if count]
    true, guess, counts = np.array(cells, dtype=np.int64).T
    right = np.where(true == guess, counts, 0)
    actual, predicted, hits = (
        np.bincount(place, events, len(codes)).astype(np.float64)
        for place, events in ((true, counts), (guess, counts), (true, right))
    )
    scores = score(hits, predicted, actual)
    weights = actual / n if weighted else np.full(len(codes), 1 / len(codes))
    value = float(weights @ scores.values)
    change = weights[true] * scores.by_actual[true] + weights[guess] * scores.by_predicted[guess]
    change += np.where(true == guess, weights[true] * scores.by_hits[true], 0.0)
    if weighted:
        change += (scores.values[true] - value) / n
    variance = float(counts @ change**2 - (counts @ change) ** 2 / n)
    return Reading(value, n, *_interval(value, variance, n))


def _interval(value: float, variance: float, n: int) -> tuple[float, float]:
    """Wilson's, for as many events as would have this variance; as many as there are where it has none."""
    like = min(float(n), value * (1 - value) / variance) if variance > 0 and 0 < value < 1 else float(n)
    low, high = wilson(value * like, like) or (0.0, 1.0)
    return min(low, value), max(high, value)


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
