"""What classification metrics are expected to be before labels come: confidence-based performance estimation (CBPE).

Each prediction is correct with the probability that its score had in the reference; so the cells of the confusion matrix
are expected to hold the sums of these probabilities, and every metric follows from the cells. It sees a change of the
inputs, and assumes no concept drift: that a score means what it meant in the reference. Pure: no Django, no database.

The error of an estimate is by how much the realised figure strays from it while that assumption holds: chance of the
labels given the scores (each a coin of its own), and chance in the reference's own shares, both to first order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.calibration import Calibration
from monitoring.stats.intervals import Z_95, Reading

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Expected:
    """Predictions by score, one entry per bin: how many were decided positive and how many not, and the probability
    of the positive class. `block` and `block_variance` are the calibration behind `p`; shapes (entries,), (blocks,).
    """

    bins: Integers
    p: Floats
    positive: Floats
    negative: Floats
    block: Integers
    block_variance: Floats

    @property
    def n(self) -> int:
        """Predictions."""
        return int(self.positive.sum() + self.negative.sum())

    @property
    def cells(self) -> "Cells":
        """The expected confusion matrix."""
        hits, misses = float(self.positive @ self.p), float(self.negative @ self.p)
        return Cells(hits, float(self.positive.sum()) - hits, misses, float(self.negative.sum()) - misses)


@dataclass(frozen=True, slots=True)
class Cells:
    """Expected counts: true and false positives, false and true negatives."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        """Predictions."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def predicted(self) -> float:
        """Decided positive."""
        return self.tp + self.fp

    @property
    def actual(self) -> float:
        """Expected to be positive."""
        return self.tp + self.fn


@dataclass(frozen=True, slots=True)
class Estimate:
    """The expected value of a metric over n predictions, and its standard error; None where it would be 0/0."""

    value: float | None
    error: float
    n: int
    top: float | None = 1.0
    """The greatest value there can be."""

    def reading(self) -> Reading:
        """With its 95 % interval."""
        if self.value is None:
            return Reading(None, self.n)
        half = Z_95 * self.error
        high = self.value + half
        return Reading(
            self.value, self.n, max(0.0, self.value - half), high if self.top is None else min(self.top, high)
        )


# A metric of the expected cells, and by how much it grows when an event decided positive (negative) turns out positive.
Figure = tuple[float, Floats | float, Floats | float]
Metric = Callable[[Expected], Figure | None]


def expect(bins: Integers, positive: NDArray[Any], negative: NDArray[Any], calibration: Calibration) -> Expected:
    """What a calibration makes of a histogram of scores by decision; bins in any order, each once."""
    return Expected(
        bins,
        calibration.probabilities(bins),
        positive.astype(np.float64),
        negative.astype(np.float64),
        calibration.block_of(bins),
        calibration.variance,
    )


def joined(parts: Sequence[Expected]) -> Expected:
    """Predictions of several versions together, each by its own calibration."""
    offsets = np.cumsum([0, *(len(part.block_variance) for part in parts[:-1])])
    return Expected(
        np.concatenate([part.bins for part in parts]),
        np.concatenate([part.p for part in parts]),
        np.concatenate([part.positive for part in parts]),
        np.concatenate([part.negative for part in parts]),
        np.concatenate([part.block + offset for part, offset in zip(parts, offsets, strict=True)]),
        np.concatenate([part.block_variance for part in parts]),
    )


def estimate(metric: Metric, expected: Expected) -> Estimate:
    """The metric with its error."""
    found = metric(expected) if expected.n else None
    if found is None:
        return Estimate(None, 0.0, expected.n)
    value, if_positive, if_negative = found
    return Estimate(value, sqrt(variance_of(expected, if_positive, if_negative)), expected.n)


def variance_of(expected: Expected, if_positive: Floats | float, if_negative: Floats | float) -> float:
    """Of a metric with these slopes: of the labels given the probabilities, and of the probabilities themselves."""
    labels = expected.p * (1 - expected.p) @ (expected.positive * if_positive**2 + expected.negative * if_negative**2)
    slopes = expected.positive * if_positive + expected.negative * if_negative
    by_block = np.bincount(expected.block, weights=slopes, minlength=len(expected.block_variance))
    return float(labels + expected.block_variance @ by_block**2)


def accuracy(expected: Expected) -> Figure | None:
    """Correct over all."""
    cells, one = expected.cells, 1 / expected.n
    return (cells.tp + cells.tn) * one, one, -one


def precision(expected: Expected) -> Figure | None:
    """True positives among predicted positives."""
    cells = expected.cells
    return None if not cells.predicted else (cells.tp / cells.predicted, 1 / cells.predicted, 0.0)


def recall(expected: Expected) -> Figure | None:
    """True positives among actual positives."""
    cells = expected.cells
    if not cells.actual:
        return None
    return cells.tp / cells.actual, cells.fn / cells.actual**2, -cells.tp / cells.actual**2


def f1(expected: Expected) -> Figure | None:
    """Twice the true positives over predicted and actual positives."""
    cells = expected.cells
    both = cells.predicted + cells.actual
    if not both:
        return None
    value = 2 * cells.tp / both
    return value, (2 - value) / both, -value / both


def specificity(expected: Expected) -> Figure | None:
    """True negatives among actual negatives."""
    cells = expected.cells
    negatives = cells.fp + cells.tn
    if not negatives:
        return None
    return cells.tn / negatives, cells.tn / negatives**2, (cells.tn - negatives) / negatives**2


def roc_auc(expected: Expected) -> Figure | None:
    """How often a positive is expected to score above a negative; equal scores count half."""
    _, place = np.unique(expected.bins, return_inverse=True)
    events = expected.positive + expected.negative
    positives, negatives = np.bincount(place, expected.p * events), np.bincount(place, (1 - expected.p) * events)
    actual, rest = positives.sum(), negatives.sum()
    if not actual or not rest:
        return None
    below = np.cumsum(negatives) - negatives / 2  # negatives that a positive of this score beats
    above = actual - np.cumsum(positives) + positives / 2  # positives that beat a negative of this score
    value = float(positives @ below) / (actual * rest)
    slope = ((below - above) / (actual * rest) - value / actual + value / rest)[place]
    return value, slope, slope


def average_precision(expected: Expected) -> Figure | None:
    """Precision averaged over the expected recall, from the highest score down."""
    _, place = np.unique(-expected.bins, return_inverse=True)
    events = expected.positive + expected.negative
    positives, taken = np.bincount(place, expected.p * events), np.cumsum(np.bincount(place, events))
    actual = positives.sum()
    if not actual:
        return None
    precisions = np.cumsum(positives) / np.maximum(taken, 1e-12)
    value = float(positives @ precisions) / actual
    later = np.cumsum((positives / np.maximum(taken, 1e-12))[::-1])[::-1]  # what a positive adds to those from here on
    slope = ((precisions + later - value) / actual)[place]
    return value, slope, slope


BINARY: dict[str, Metric] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "specificity": specificity,
    "roc_auc": roc_auc,
    "average_precision": average_precision,
}
