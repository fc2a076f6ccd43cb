"""Sums of spans out of minutes, hours and days: which buckets a span needs, and their running sums. Pure numpy.

All spans end at the same moment, `last`. The span [edge, last) is tiled with minutes up to the first whole hour, hours up
to the first whole day, days, then hours and minutes again. So what lies before an edge in its own hour and day is not read,
and a bucket serves every span that it is part of. A window [a, b) is [a, last) without [b, last).

Moments are epoch seconds (int64); minutes, hours and days are tiers 0, 1 and 2.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
MINUTE, HOUR, DAY = 60, 3_600, 86_400
WIDTHS: Final = (MINUTE, HOUR, DAY)
SPARE: Final = 10
Range = tuple[int, int, int]  # tier, low, high


def down(moments: Any, width: int) -> Any:
    """Cut down to a multiple of the width."""
    return moments - moments % width


def up(moments: Any, width: int) -> Any:
    """Cut up to a multiple of the width."""
    return -(-moments // width) * width


def snap(edges: Integers, floors: tuple[int, int]) -> Integers:
    """Edges (ascending) moved to the finest tier that still exists there: the first one back, the others on.

    Before `floors` (of minutes, of hours) that tier is gone: its coarser bucket is used whole, and widens the window in
    which it begins.
    """
    moved = edges
    if edges[0] >= max(floors):
        return edges
    for floor, width in zip(floors, (HOUR, DAY), strict=True):
        first = np.arange(len(edges)) == 0
        moved = np.where(moved < floor, np.where(first, down(moved, width), up(moved, width)), moved)
    return moved


def ranges_of(edges: Integers) -> frozenset[Range]:
    """(tier, low, high) of all buckets that spans from these edges (ascending) to the last one need.

    Tiers from SPARE on are read only for want of a finer one: the hour and the day that the first and last edge lie in.
    """
    last, sides = int(edges[-1]), edges[[0, -1]]
    hours, days = up(edges, HOUR), up(edges, DAY)
    last_hour, last_day = down(last, HOUR), down(last, DAY)
    pieces = {
        0: (np.append(edges, last_hour), np.append(np.minimum(hours, last), last)),
        1: (np.append(hours, last_day), np.append(np.minimum(days, last_hour), last_hour)),
        2: (days[:1], np.array([last_day])),
        SPARE + 1: (down(sides, HOUR), up(sides, HOUR)),
        SPARE + 2: (down(sides, DAY), up(sides, DAY)),
    }
    return frozenset((tier, low, high) for tier, found in pieces.items() for low, high in _joined(*found))


def join_ranges(found: Collection[frozenset[Range]]) -> frozenset[Range]:
    """What any of these need, each bucket once."""
    if len(found) == 1:
        return next(iter(found))
    tiers, lows, highs = np.array(list(frozenset().union(*found)), dtype=np.int64).T
    return frozenset(
        (tier, low, high)
        for tier in np.unique(tiers).tolist()
        for low, high in _joined(lows[tiers == tier], highs[tiers == tier])
    )


def _joined(lows: Integers, highs: Integers) -> Iterator[tuple[int, int]]:
    """Without overlaps and gaps of nothing, ascending."""
    some = np.flatnonzero(lows < highs)
    order = some[np.argsort(lows[some], kind="stable")]
    starts, reach = lows[order], np.maximum.accumulate(highs[order])
    first = np.flatnonzero(np.append(starts[:1] == starts[:1], starts[1:] > reach[:-1]))
    yield from zip(starts[first].tolist(), np.append(reach[first[1:] - 1], reach[-1:]).tolist(), strict=True)


@dataclass(frozen=True)
class Running:
    """Running sums of buckets, each of an owner: `amounts` has a column per thing that is summed, shape (buckets, things).

    Several buckets of one owner, tier and moment add up.
    """

    owner: Integers
    tier: Integers
    start: Integers
    amounts: Integers

    @cached_property
    def _sorted(self) -> tuple[Integers, Integers]:
        """(keys ascending, running sums with a row of nothing first)."""
        keys = _key(self.owner, self.tier, self.start)
        order = np.argsort(keys, kind="stable")
        sums = np.zeros((len(keys) + 1, self.amounts.shape[1]), dtype=np.int64)
        np.cumsum(self.amounts[order], axis=0, out=sums[1:])
        return keys[order], sums

    def since(self, owner: Integers, edge: Integers, last: Integers) -> Integers:
        """What each owner has in [edge, last); all three of shape (n,), the answer (n, things)."""
        hour, day = up(edge, HOUR), up(edge, DAY)
        last_hour, last_day = down(last, HOUR), down(last, DAY)
        spans = (
            (0, edge, np.minimum(hour, last)),
            (1, hour, np.minimum(day, last_hour)),
            (2, day, last_day),
            (1, np.maximum(last_day, day), last_hour),
            (0, np.maximum(last_hour, hour), last),
        )
        keys, sums = self._sorted
        bounds = [_key(owner, tier, side) for tier, low, high in spans for side in (low, np.maximum(low, high))]
        places = np.searchsorted(keys, np.concatenate(bounds)).reshape(len(spans), 2, -1)
        found: Integers = (sums[places[:, 1]] - sums[places[:, 0]]).sum(axis=0)
        return found


def _key(owner: Integers, tier: Integers | int, start: Integers) -> Integers:
    return ((owner * len(WIDTHS) + tier) << 40) + start
