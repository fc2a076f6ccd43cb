"""When something began. Pure: no Django, no database."""

from collections.abc import Sequence


def onset(excess: Sequence[float]) -> int:
    """Index of the slice from which the excess over a limit, added up to the end, is largest (as CUSUM places a change).

    An excess is n · (value - limit), positive where the limit is passed. One quiet slice inside a bad stretch does not
    move the onset; 0 of nothing.
    """
    best, found, total = float("-inf"), 0, 0.0
    for place in range(len(excess) - 1, -1, -1):
        total += excess[place]
        if total > best:
            best, found = total, place
    return found
