"""Slices of time on a grid that begins at the epoch (UTC), so that every reader cuts at the same places. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def slice_start(at: datetime, width: timedelta) -> datetime:
    """Where the slice that holds `at` begins."""
    return at - (at - EPOCH) % width


def slice_edges(edges: Sequence[datetime], width: timedelta) -> list[datetime]:
    """The edges of every slice that touches the windows between these edges (ascending); at least one slice."""
    first = slice_start(edges[0], width)
    count = max(1, ceil((edges[-1] - first) / width))
    return [first + place * width for place in range(count + 1)]


def windows_of(starts: Sequence[datetime], edges: Sequence[datetime]) -> list[int]:
    """For the start of each slice the window that it counts in; what begins before the first counts in the first."""
    last = len(edges) - 2
    return [min(max(0, bisect_right(edges, start) - 1), last) for start in starts]
