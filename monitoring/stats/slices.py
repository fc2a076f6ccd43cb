"""Slices of time on a grid that begins at the epoch (UTC), so that every reader cuts at the same places. Pure."""

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
