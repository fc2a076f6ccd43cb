"""How far predictions of numbers are from their labels, from exact sums and the histogram of errors. Pure: no Django.

error = prediction - label, in the unit of the target. Means and R² equal scikit-learn's on the raw rows; quantiles are
within 1 %. Intervals are of 95 %: normal for means, order statistics for quantiles, Olkin and Finn (1995) for R².
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.exact import UNIT, sums
from monitoring.stats.intervals import Z_95, Reading, ratio
from monitoring.stats.layouts import ErrorSum, Value, signed_log_value
from monitoring.stats.tally import Subject, Tally

Reader = Callable[[Tally, Subject], Reading]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """The sums of the labelled predictions of a window. Each is rounded once, from an exact one."""

    n: int
    error: float
    absolute: float
    square: float
    spread: float
    """Sum of squared differences of the labels from their mean."""
    percentage: float
    percentage_square: float
    percentages: int

    @classmethod
    def of(cls, tally: Tally) -> "Errors":
        """From the metric `error_sums`."""
        cell = tally.cell("error_sums")
        exact = sums(cell.bins, cell.counts)
        spread = cell.n * exact[ErrorSum.LABEL_SQUARE] * UNIT - exact[ErrorSum.LABEL] ** 2
        return cls(
            cell.n,
            exact[ErrorSum.ERROR] / UNIT,
            exact[ErrorSum.ABSOLUTE] / UNIT,
            exact[ErrorSum.SQUARE] / UNIT,
            spread / (UNIT * UNIT * max(cell.n, 1)),
            exact[ErrorSum.PERCENTAGE] / UNIT,
            exact[ErrorSum.PERCENTAGE_SQUARE] / UNIT,
            exact[ErrorSum.PERCENTAGES] // UNIT,
        )


def bias(tally: Tally, subject: Subject) -> Reading:
    """The mean error: above 0 the model predicts too much."""
    found = Errors.of(tally)
    return _mean(found.error, found.square, found.n)


def mae(tally: Tally, subject: Subject) -> Reading:
    """Mean absolute error."""
    found = Errors.of(tally)
    return _mean(found.absolute, found.square, found.n, floor=0.0)


def mape(tally: Tally, subject: Subject) -> Reading:
    """Mean absolute error as a share of the label; labels of zero have none and are left out (n says how many have)."""
    found = Errors.of(tally)
    return _mean(found.percentage, found.percentage_square, found.percentages, floor=0.0)


def rmse(tally: Tally, subject: Subject) -> Reading:
    """Root of the mean squared error; its interval is the root of the mean's, whose spread is read from the histogram."""
    found = Errors.of(tally)
    if not found.n:
        return Reading(None, 0)
    values, counts = _values(tally)
    fourth = float(counts @ values**4)
    mean = _mean(found.square, fourth, found.n, floor=0.0)
    low, high = (None if edge is None else sqrt(edge) for edge in (mean.low, mean.high))
    return Reading(sqrt(found.square / found.n), found.n, low, high)


def r2(tally: Tally, subject: Subject) -> Reading:
    """Share of the labels' variance that the predictions explain; below 0 the labels' mean would do better.

    No data where all labels are equal. Its interval supposes errors near normal, and there is none below 0.
    """
    found = Errors.of(tally)
    if found.n < 2 or found.spread <= 0:
        return Reading(None, found.n)
    value = 1 - found.square / found.spread
    if value < 0:
        return Reading(value, found.n)
    half = Z_95 * 2 * sqrt(value / found.n) * (1 - value)
    return Reading(value, found.n, value - half, min(1.0, value + half))


def error_quantile(q: float) -> Reader:
    """The q-quantile of the signed error."""
    return lambda tally, subject: _quantile(*_values(tally), q)


def absolute_quantile(q: float) -> Reader:
    """The q-quantile of the absolute error."""

    def read(tally: Tally, subject: Subject) -> Reading:
        values, counts = _values(tally)
        order = np.argsort(np.abs(values), kind="stable")
        return _quantile(np.abs(values)[order], counts[order], q)

    return read


def label_coverage(tally: Tally, subject: Subject) -> Reading:
    """Predictions of a number whose label is a number, among predictions of a number."""
    value = tally.cell("value")
    return ratio(value.count(Value.PAIRED), value.n - value.count(Value.NO_NUMBER))


def unusable_labels(tally: Tally, subject: Subject) -> Reading:
    """Labels that are no numbers (text, infinite, beyond 1e60), among labels of predictions of a number."""
    value = tally.cell("value")
    unusable = value.count(Value.LABEL_NO_NUMBER)
    return ratio(unusable, unusable + value.count(Value.PAIRED))


def histogram(tally: Tally, bars: int = 24) -> list[tuple[float, float, int]]:
    """(from, to, errors) of bars of equal width over the middle 98 % of the errors; the tails are in the outer bars."""
    values, counts = _values(tally)
    if not len(values):
        return []
    low, high = (_at(values, counts, q) for q in (0.01, 0.99))
    edges = np.linspace(low, high, bars + 1) if low < high else np.array([low, high])
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    times = np.bincount(place, weights=counts, minlength=len(edges) - 1)
    return [(float(left), float(right), int(n)) for left, right, n in zip(edges[:-1], edges[1:], times, strict=True)]


def _mean(total: float, squares: float, n: int, *, floor: float | None = None) -> Reading:
    """A mean with its normal interval."""
    if not n:
        return Reading(None, 0)
    mean = total / n
    if n < 2:
        return Reading(mean, n)
    error = sqrt(max(0.0, squares / n - mean * mean) / (n - 1))
    low, high = mean - Z_95 * error, mean + Z_95 * error
    return Reading(mean, n, low if floor is None else max(floor, low), high)


def _values(tally: Tally) -> tuple[Floats, NDArray[np.int64]]:
    """(errors, how often), ascending."""
    cell = tally.cell("error")
    return np.array([signed_log_value(int(bin_)) for bin_ in cell.bins], dtype=np.float64), cell.counts


def _quantile(values: Floats, counts: NDArray[np.int64], q: float) -> Reading:
    n = int(counts.sum())
    if not n:
        return Reading(None, 0)
    half = Z_95 * sqrt(q * (1 - q) / n)
    value, low, high = (_at(values, counts, place) for place in (q, max(0.0, q - half), min(1.0, q + half)))
    return Reading(value, n, low, high)


def _at(values: Floats, counts: NDArray[np.int64], q: float) -> float:
    cumulated = np.cumsum(counts)
    rank = max(1, int(np.ceil(q * int(cumulated[-1]))))
    return float(values[int(np.searchsorted(cumulated, rank))])
