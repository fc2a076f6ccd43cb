"""What a binary classifier would do at every threshold, and what its scores are worth, from histograms by label. Pure.

A threshold is read at the nearest edge of a bin (bins are 1/128 of log-odds wide), so that every count is a whole
number of events; 0, 1 and 0.5 are edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.layouts import SCORE_EDGES
from monitoring.stats.ranking import Ranked
from monitoring.stats.tally import Subject, Tally

POINTS = 100
BARS = 10


@dataclass(frozen=True, slots=True)
class Threshold:
    """The confusion matrix of "positive from this score on"."""

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a curve, and the threshold that leads there; None where nothing is called positive."""

    x: float
    y: float
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Events whose scores are near each other: their mean score, and the share that was positive."""

    score: float
    positive: Reading


def at_threshold(tally: Tally, subject: Subject, threshold: float) -> Threshold | None:
    """The confusion matrix at the edge nearest to the threshold; None without labelled scores or a positive class."""
    ranked = _ranked(tally, subject)
    if ranked is None:
        return None
    edge = nearest_edge(threshold)
    over = ranked.scores >= edge
    hits, alarms = int(ranked.positive[over].sum()), int(ranked.negative[over].sum())
    positives, negatives = ranked.sizes
    return Threshold(edge, hits, alarms, positives - hits, negatives - alarms)


def nearest_edge(threshold: float) -> float:
    """The edge of a bin nearest to a threshold in [0, 1]."""
    edges = np.concatenate([[0.0], SCORE_EDGES, [1.0]])
    return float(edges[np.argmin(np.abs(edges - threshold))])


def roc_curve(tally: Tally, subject: Subject) -> list[CurvePoint]:
    """(false positive rate, true positive rate) from the strictest threshold to none; empty unless both classes were seen."""
    ranked = _ranked(tally, subject)
    if ranked is None or not all(ranked.sizes):
        return []
    positives, negatives = ranked.sizes
    hits, alarms, edges = _from_the_top(ranked)
    return _thinned(np.append(0.0, alarms / negatives), np.append(0.0, hits / positives), [None, *edges])


def precision_recall_curve(tally: Tally, subject: Subject) -> list[CurvePoint]:
    """(recall, precision) from the strictest threshold to none; empty without positives."""
    ranked = _ranked(tally, subject)
    if ranked is None or not ranked.sizes[0]:
        return []
    hits, alarms, edges = _from_the_top(ranked)
    return _thinned(hits / ranked.sizes[0], hits / (hits + alarms), edges)


def calibration_curve(tally: Tally, subject: Subject, bars: int = BARS) -> list[Calibrated]:
    """Mean score against share of positives in bars of equal width, Wilson intervals; bars without events are left out."""
    ranked = _ranked(tally, subject)
    if ranked is None:
        return []
    place = np.searchsorted(np.linspace(0, 1, bars + 1)[1:-1], ranked.scores)
    times = ranked.positive + ranked.negative
    n, positive, score = (
        np.bincount(place, weights=weights, minlength=bars)
        for weights in (times, ranked.positive, times * ranked.scores)
    )
    return [Calibrated(float(score[bar] / n[bar]), ratio(int(positive[bar]), int(n[bar]))) for bar in np.flatnonzero(n)]


def _ranked(tally: Tally, subject: Subject) -> Ranked | None:
    ranked = Ranked.of(tally, subject)
    return ranked if ranked.n and subject.positive_code is not None else None


def _from_the_top(ranked: Ranked) -> tuple[NDArray[np.float64], NDArray[np.float64], list[float]]:
    """(true positives, false positives, lower edge) of each score, from the highest down."""
    scores = ranked.scores[::-1]
    below = np.append(SCORE_EDGES, 0.0)[np.searchsorted(SCORE_EDGES, scores, side="right") - 1]
    edges = np.where(scores >= 1, 1.0, below)
    return np.cumsum(ranked.positive[::-1]), np.cumsum(ranked.negative[::-1]), edges.tolist()


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64], thresholds: Sequence[float | None]) -> list[CurvePoint]:
    """At most POINTS or so, evenly along the curve, its ends among them."""
    steps = np.hypot(np.diff(x, prepend=x[0]), np.diff(y, prepend=y[0]))
    along = np.cumsum(steps)
    marks = np.linspace(0, along[-1], POINTS)
    kept = np.unique(np.append(np.searchsorted(along, marks), [0, len(x) - 1]))
    return [CurvePoint(float(x[at]), float(y[at]), thresholds[at]) for at in kept if at < len(x)]
