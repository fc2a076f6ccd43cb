"""What the error of a regression is expected to be before labels come: a direct loss estimate (DLE). Pure.

The loss of a prediction (absolute, and squared) is taken as a sum of weights, one for the bin of each feature and of the
prediction itself. Its mean over a window is then linear in the window's histograms: no row is looked at. What features do
together and not each alone it does not see (decision 24). It assumes no concept drift.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from monitoring.stats.estimate import Estimate
from monitoring.stats.fitted import Loss
from monitoring.stats.profile import STRIDE
from monitoring.stats.tally import Cell


@dataclass(frozen=True, slots=True)
class Expectation:
    """The mean of a loss over n predictions, and the standard error of what will be realised."""

    mean: float
    variance: float
    n: int


def expected_loss(loss: Loss, cell: Cell) -> Expectation:
    """The mean over the features of a window (see `monitoring.stats.profile`); each feature by its own number of values."""
    features = cell.bins.astype(np.int64) // STRIDE
    weights = np.array([loss.weights.get(bin_, 0.0) for bin_ in cell.bins.tolist()])
    totals, sums = np.bincount(features, cell.counts), np.bincount(features, cell.counts * weights)
    mean = max(0.0, loss.mean + float((sums[totals > 0] / totals[totals > 0]).sum()))
    return Expectation(mean, loss.spread**2 / max(1, cell.n), cell.n)


def together(parts: list[Expectation]) -> Expectation:
    """Several versions: weighted by their predictions."""
    n = sum(part.n for part in parts)
    mean = sum(part.n * part.mean for part in parts) / n
    return Expectation(mean, sum(part.n**2 * part.variance for part in parts) / n**2, n)


def mean_absolute_error(found: Expectation) -> Estimate:
    """The mean of the absolute loss."""
    return Estimate(found.mean, sqrt(found.variance), found.n, top=None)


def root_mean_squared_error(found: Expectation) -> Estimate:
    """The root of the mean of the squared one; its error to first order."""
    root = sqrt(found.mean)
    return Estimate(root, sqrt(found.variance) / (2 * root) if root else 0.0, found.n, top=None)
