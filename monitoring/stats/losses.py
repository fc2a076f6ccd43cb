"""What the error of a regression is expected to be before labels come: a direct loss estimate (DLE). Pure.

Trees expect the absolute loss of every prediction and the squared one, by its features and the prediction itself; the drain
sums them. A window is estimated by these sums: no row is looked at. It assumes no concept drift.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from monitoring.stats.estimate import Estimate
from monitoring.stats.fitted import Losses
from monitoring.stats.layouts import ExpectedLoss
from monitoring.stats.tally import Cell


@dataclass(frozen=True, slots=True)
class Expected:
    """Sums over n predictions: expected losses, and the variances of what will be realised of each."""

    n: int
    absolute: float
    square: float
    absolute_variance: float
    square_variance: float


def expected(cell: Cell, losses: Losses) -> Expected:
    """From quanta. The squared losses of a window stray in proportion to their mean, as they did where the trees grew."""
    absolute, square, variance = (float(cell.count(sum_)) for sum_ in ExpectedLoss)
    square *= losses.square
    spread = losses.spread * square / cell.n
    return Expected(cell.n, absolute * losses.absolute, square, variance * losses.square, cell.n * spread**2)


def together(parts: Iterable[Expected]) -> Expected:
    """Several versions."""
    parts = list(parts)
    return Expected(
        sum(part.n for part in parts),
        sum(part.absolute for part in parts),
        sum(part.square for part in parts),
        sum(part.absolute_variance for part in parts),
        sum(part.square_variance for part in parts),
    )


def mean_absolute_error(found: Expected) -> Estimate:
    """The mean of the absolute loss."""
    return Estimate(max(0.0, found.absolute / found.n), sqrt(found.absolute_variance) / found.n, found.n, top=None)


def root_mean_squared_error(found: Expected) -> Estimate:
    """The root of the mean of the squared one; its error to first order."""
    root = sqrt(max(0.0, found.square / found.n))
    error = sqrt(found.square_variance) / found.n
    return Estimate(root, error / (2 * root) if root else 0.0, found.n, top=None)
