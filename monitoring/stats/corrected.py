"""Parts of a book of which some stretches count otherwise: not at all, or as good. Pure numpy.

A stretch is known as finely as what it corrects: where only whole hours or days are left, or slices of time are judged, it
reaches over every hour, day or slice that it touches. Otherwise an outage that was left out would come back on the day on
which its minutes go. What is left out by one stretch and good by another is left out.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.tiers import DAY, HOUR, MINUTE, Integers, down, up

Floors = tuple[int, int]  # before these moments minutes, and hours, are gone


class Stretch(NamedTuple):
    """[start, end) in epoch seconds; its events are left out, or `good`."""

    start: int
    end: int
    good: bool = False


def widen(stretch: Stretch, floors: Floors, width: int = MINUTE) -> Stretch:
    """Over every slice of this width, and every hour and day before the floors, that it touches."""
    start, end = down(stretch.start, width), up(stretch.end, width)
    for floor, coarse in zip(floors, (HOUR, DAY), strict=True):
        start = down(start, coarse) if start < floor else start
        end = up(end, coarse) if end < floor else end
    return Stretch(start, end, stretch.good)


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Those that count alike without overlaps, in time's order; what touches is one."""
    found: list[Stretch] = []
    for one in sorted(stretches):
        if found and one.start <= found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, one.end))
        else:
            found.append(one)
    return found


def edges_for_any(stretches: Iterable[Stretch]) -> list[int]:
    """Every edge that a stretch may have, wherever the floors are."""
    found: set[int] = set()
    for start, end, _good in stretches:
        found.update(down(start, width) for width in (MINUTE, HOUR, DAY))
        found.update(up(end, width) for width in (MINUTE, HOUR, DAY))
    return sorted(found)


def correct(starts: Integers, parts: NDArray[Any], stretches: Sequence[Stretch]) -> NDArray[Any]:
    """Parts (good, valid) that begin at `starts` as these stretches, each made of whole parts, let them count."""
    out = _within(starts, [one for one in stretches if not one.good])
    good = _within(starts, [one for one in stretches if one.good])
    counted = parts.copy()
    counted[good, 0] = parts[good, 1]
    counted[out] = 0
    return counted


def _within(starts: Integers, stretches: Sequence[Stretch]) -> NDArray[np.bool_]:
    """Which of these lie in any of the stretches, overlapping or not."""
    begun = np.searchsorted(np.array(sorted(one.start for one in stretches)), starts, side="right")
    ended = np.searchsorted(np.array(sorted(one.end for one in stretches)), starts, side="right")
    found: NDArray[np.bool_] = begun > ended
    return found
