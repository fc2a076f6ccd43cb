"""Sparse histograms as bytes: packed, merged and read. Pure numpy: no Django, no database.

The packed form is a run of little-endian (int32 bin, int64 count) pairs, bins ascending, no zero counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.layouts import LOG, log_bin, log_value

PAIR = np.dtype([("bin", "<i4"), ("count", "<i8")])
ONE_PAIR = Struct("<iq")
Bins = NDArray[np.int32]
Counts = NDArray[np.int64]


def pack(bins: Mapping[int, int]) -> bytes:
    """Bytes of a histogram given as {bin: count}; zero counts are left out."""
    return b"".join([ONE_PAIR.pack(bin_, bins[bin_]) for bin_ in sorted(bins) if bins[bin_]])


def pack_arrays(bins: NDArray[Any], counts: NDArray[Any]) -> bytes:
    """`pack` of arrays as they are: whoever stores them has sorted the bins and left out zero counts."""
    return _paired(bins, counts).tobytes()


def pack_each(bins: Sequence[NDArray[Any]], counts: Sequence[NDArray[Any]]) -> list[bytes]:
    """`pack_arrays` of each, in one go: most histograms are of a minute and hold a bin or two."""
    if not bins:
        return []
    ends = np.cumsum([0, *map(len, bins)])
    return _cut(_paired(np.concatenate(bins), np.concatenate(counts)), ends)


def unpack(data: bytes | memoryview) -> tuple[Bins, Counts]:
    """(bins, counts) of a packed histogram, bins ascending."""
    pairs = np.frombuffer(data, dtype=PAIR)
    return pairs["bin"].astype(np.int32), pairs["count"].astype(np.int64)


def spread(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions [low, high) of each, one after the other: of the pairs of some histograms among those of many."""
    sizes = high - low
    offsets = np.repeat(low - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    return offsets + np.arange(int(sizes.sum()))


def merge(datas: Iterable[bytes | memoryview]) -> tuple[Bins, Counts]:
    """The sum of packed histograms of one layout as (bins, counts), bins ascending, no zero counts."""
    return merge_each([b"".join(datas)], np.zeros(1, dtype=np.int64))[0]


def merge_each(datas: Sequence[bytes | memoryview], firsts: NDArray[np.int64]) -> list[tuple[Bins, Counts]]:
    """`merge` of each group of neighbours; `firsts` are the positions where the groups begin (ascending, the first 0).

    All groups are sorted and added up together: reading many windows costs as much as reading one.
    """
    bins, sums, bounds = _merged(datas, firsts)
    return [(bins[low:high], sums[low:high]) for low, high in pairwise(bounds.tolist())]


def merge_arrays(histograms: Sequence[tuple[Bins, Counts]]) -> tuple[Bins, Counts]:
    """`merge` of histograms that are unpacked already."""
    if len(histograms) == 1:
        return histograms[0]
    return merge(pack_arrays(*histogram) for histogram in histograms)


def merge_packed(datas: Iterable[bytes | memoryview]) -> bytes:
    """The sum of packed histograms of one layout, packed."""
    return merge_packed_each([b"".join(datas)], np.zeros(1, dtype=np.int64))[0]


def merge_packed_each(datas: Sequence[bytes | memoryview], firsts: NDArray[np.int64]) -> list[bytes]:
    """`merge_each`, packed."""
    bins, sums, bounds = _merged(datas, firsts)
    return _cut(_paired(bins, sums), bounds)


def _merged(datas: Sequence[bytes | memoryview], firsts: NDArray[np.int64]) -> tuple[Bins, Counts, NDArray[np.int64]]:
    """The bins and counts of all groups, one after the other, and the bounds of each."""
    pairs = np.frombuffer(b"".join(datas), dtype=PAIR)
    lengths = np.fromiter(map(len, datas), dtype=np.int64, count=len(datas)) // PAIR.itemsize
    owners = np.repeat(np.arange(len(firsts)), np.add.reduceat(lengths, firsts))
    keys = (owners << 32) + pairs["bin"]
    order = np.argsort(keys)  # not stable: what is equal is added up
    keys = keys[order]
    heads = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    sums = np.add.reduceat(pairs["count"][order], heads) if len(heads) else pairs["count"]
    kept = sums != 0
    heads, sums = order[heads[kept]], sums[kept]
    return pairs["bin"][heads], sums, np.searchsorted(owners[heads], np.arange(len(firsts) + 1))


def _paired(bins: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
    pairs = np.empty(len(bins), dtype=PAIR)
    pairs["bin"], pairs["count"] = bins, counts
    return pairs


def _cut(pairs: NDArray[Any], bounds: NDArray[np.int64]) -> list[bytes]:
    """The bytes between each two bounds."""
    data = pairs.tobytes()
    return [data[low:high] for low, high in pairwise((bounds * PAIR.itemsize).tolist())]


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
