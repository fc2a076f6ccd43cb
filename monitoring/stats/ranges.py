"""Histograms whose bins are ranges of values, whatever their bounds: so those of any client add up. Pure numpy.

A bin is a pair (low, high] of signed-log-1 bins in one integer, low first; what is counted lies evenly between them, as
`histogram_quantile` of Prometheus takes it. A value that is known itself is a range from it to it. Bounds are within 1 %.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.layouts import signed_log_bins, signed_log_value

RANGES: Final = "ranges-1"
SIDE_BITS: Final = 16
SIDE_SHIFT: Final = 1 << (SIDE_BITS - 1)
SIDE_MASK: Final = (1 << SIDE_BITS) - 1
WHOLE_SHIFT: Final = 1 << (2 * SIDE_BITS - 1)
SMALLEST, LARGEST = 1e-100, 1e100  # magnitudes that signed-log-1 tells apart
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Ranges(NamedTuple):
    """Ranges with how often; three arrays of shape (n,)."""

    lows: Floats
    highs: Floats
    counts: Integers


NOTHING: Final = Ranges(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))


def point(value: float, times: int = 1) -> Ranges:
    """One value."""
    found = np.array([value])
    return Ranges(found, found, np.array([times], dtype=np.int64))


def pack_ranges(given: Ranges) -> tuple[Integers, Integers]:
    """(bins, counts), bins ascending, none twice, without those that were counted 0 times."""
    some = given.counts != 0
    codes = ((_sides(given.lows[some]) << SIDE_BITS) | _sides(given.highs[some])) - WHOLE_SHIFT
    bins, place = np.unique(codes, return_inverse=True)
    counts = np.zeros(len(bins), dtype=np.int64)
    np.add.at(counts, place, given.counts[some])
    return bins, counts


def unpack_ranges(bins: NDArray[Any], counts: NDArray[Any]) -> Ranges:
    """The inverse, within the error of the bounds."""
    codes = bins.astype(np.int64) + WHOLE_SHIFT
    return Ranges(_values(codes >> SIDE_BITS), _values(codes & SIDE_MASK), counts.astype(np.int64))


def quantile_of(given: Ranges, q: float) -> float | None:
    """The smallest value that a share q (0 to 1) of all is at most, straight within a range; None of nothing."""
    n = int(given.counts.sum())
    if n <= 0:
        return None
    edges, before, until = _cumulated(given)
    rank = q * n
    at = min(int(np.searchsorted(until, rank * (1 - 1e-12))), len(edges) - 1)
    if at == 0 or rank > before[at]:
        return float(edges[at])
    share = (rank - until[at - 1]) / (before[at] - until[at - 1])
    return float(edges[at - 1] + share * (edges[at] - edges[at - 1]))


def lowest(given: Ranges) -> float | None:
    """The least value that may be among them."""
    return float(given.lows.min()) if len(given.lows) else None


def highest(given: Ranges) -> float | None:
    """The greatest."""
    return float(given.highs.max()) if len(given.highs) else None


def _cumulated(given: Ranges) -> tuple[Floats, Floats, Floats]:
    """(edges ascending, how many lie below each, how many at most at it)."""
    edges = np.unique(np.concatenate([given.lows, given.highs]))
    low, high = np.searchsorted(edges, given.lows), np.searchsorted(edges, given.highs)
    wide = low != high
    jumps, slopes = np.zeros(len(edges)), np.zeros(len(edges))
    np.add.at(jumps, low[~wide], given.counts[~wide])
    steep = given.counts[wide] / (edges[high[wide]] - edges[low[wide]])
    np.add.at(slopes, low[wide], steep)
    np.subtract.at(slopes, high[wide], steep)
    between = np.cumsum(slopes)[:-1] * np.diff(edges)
    until = np.cumsum(jumps) + np.concatenate([[0.0], np.cumsum(between)])
    return edges, until - jumps, until


def _sides(values: Iterable[float]) -> Integers:
    bounded = (0.0 if abs(value) < SMALLEST else max(-LARGEST, min(value, LARGEST)) for value in values)
    return np.array(signed_log_bins(bounded), dtype=np.int64) + SIDE_SHIFT


def _values(sides: Integers) -> Floats:
    return np.array([signed_log_value(side - SIDE_SHIFT) for side in sides.tolist()], dtype=np.float64)
