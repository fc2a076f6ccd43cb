"""Sparse histograms as bytes: packed, merged and read. Pure numpy: no Django, no database.

The packed form is a run of little-endian (int32 bin, int64 count) pairs, bins ascending, no zero counts.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.layouts import LOG, log_bin, log_value

PAIR = np.dtype([("bin", "<i4"), ("count", "<i8")])
Bins = NDArray[np.int32]
Counts = NDArray[np.int64]


def pack(bins: Mapping[int, int]) -> bytes:
    """Bytes of a histogram given as {bin: count}; zero counts are left out."""
    pairs = sorted((bin_, count) for bin_, count in bins.items() if count)
    return np.array(pairs, dtype=PAIR).tobytes()


def unpack(data: bytes | memoryview) -> tuple[Bins, Counts]:
    """(bins, counts) of a packed histogram, bins ascending."""
    pairs = np.frombuffer(data, dtype=PAIR)
    return pairs["bin"].astype(np.int32), pairs["count"].astype(np.int64)


def merge(datas: Iterable[bytes | memoryview]) -> tuple[Bins, Counts]:
    """The sum of packed histograms of one layout as (bins, counts), bins ascending, no zero counts."""
    pairs = np.frombuffer(b"".join(datas), dtype=PAIR)
    bins, place = np.unique(pairs["bin"], return_inverse=True)
    counts = np.zeros(len(bins), dtype=np.int64)
    np.add.at(counts, place, pairs["count"])
    kept = counts != 0
    return bins[kept].astype(np.int32), counts[kept]


def merge_packed(datas: Iterable[bytes | memoryview]) -> bytes:
    """The sum of packed histograms of one layout, packed."""
    bins, counts = merge(datas)
    pairs = np.empty(len(bins), dtype=PAIR)
    pairs["bin"], pairs["count"] = bins, counts
    return pairs.tobytes()


def quantile(bins: Bins, counts: Counts, q: float, layout: str) -> float | None:
    """The q-quantile (0 to 1) in quanta, within 1 % of the sample at rank ceil(q·n); None of nothing.

    Only for the layout `log-1`: the bins of the others have no order.
    """
    _only_log(layout)
    cumulated = np.cumsum(counts)
    if len(cumulated) == 0 or cumulated[-1] <= 0:
        return None
    rank = max(1, int(np.ceil(q * int(cumulated[-1]))))
    return log_value(int(bins[int(np.searchsorted(cumulated, rank))]))


def fraction_at_most(bins: Bins, counts: Counts, bound: float, layout: str) -> float | None:
    """The fraction of values at most `bound` quanta; None of nothing.

    The bin that holds the bound counts as within it, so a value equal to the bound is always good and the bound
    is in effect rounded up by at most one bin (2 %). Whole bins keep good and valid whole numbers.
    """
    _only_log(layout)
    n = int(counts.sum())
    if n <= 0:
        return None
    return int(counts[bins <= log_bin(int(bound))].sum()) / n


def _only_log(layout: str) -> None:
    if layout != LOG:
        message = f"Only {LOG} bins are ordered by size; {layout} bins are names."
        raise ValueError(message)
