"""How often the label is among the first items of a ranked list. Pure: no Django, no database."""

from collections.abc import Callable, Iterator

from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.layouts import rank_cell
from monitoring.stats.tally import Subject, Tally

Reader = Callable[[Tally, Subject], Reading]


def hit_rate(k: int) -> Reader:
    """Labels among the first k items, of labelled lists of at least k items."""

    def read(tally: Tally, subject: Subject) -> Reading:
        found = [(place, n) for length, place, n in _lists(tally) if place is not None and length >= k]
        return ratio(sum(n for place, n in found if 1 <= place <= k), sum(n for _, n in found))

    return read


def labelled(tally: Tally) -> tuple[int, int]:
    """(labelled lists, lists)."""
    cell = tally.cell("rank")
    return sum(n for _, place, n in _lists(tally) if place is not None), cell.n


def _lists(tally: Tally) -> Iterator[tuple[int, int | None, int]]:
    """(length, place of the label, how often)."""
    cell = tally.cell("rank")
    for bin_, n in zip(cell.bins.tolist(), cell.counts.tolist(), strict=True):
        yield *rank_cell(bin_), n
