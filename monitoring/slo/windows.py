"""Good and valid of an objective's windows at many instants, for rules: the present by one, a replayed past by thousands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from monitoring.models import COMPOSITE, SLO
from monitoring.selectors.counts import Book, Counted, Window
from monitoring.slo.books import BookAsk, counted_of, edges_for, read_books, seconds, starts_of
from monitoring.slo.composites import Composed, combination_of, components_of, edges_within
from monitoring.slo.indicators import good_valid, settles_with
from monitoring.stats.sliding import Column, Name, Sliding
from monitoring.stats.tally import Subject
from monitoring.stats.tiers import Integers

MINUTE: Final = 60
# By span in seconds, each over instants. Shares of slices are no whole numbers.
Sums = dict[int, Window]


@dataclass(frozen=True, eq=False)
class WindowsAsk:
    """The book of an objective, of windows that end at these instants (epoch seconds, where the indicator has settled)."""

    book: BookAsk
    ends: Integers

    def is_answered_by(self, other: "WindowsAsk") -> bool:
        """Whether what was read for the other holds all of this one, so that it need not be read again."""
        same = self.book.counts == other.book.counts and np.array_equal(self.ends, other.ends)
        return same and np.array_equal(self.book.edges, other.book.edges)


@dataclass(frozen=True, eq=False)
class ObjectiveWindows:
    """What was read for it."""

    book: Book
    ends: Integers

    def __len__(self) -> int:
        return len(self.ends)

    def sums(self, slo: SLO, spans_s: Iterable[int]) -> Sums:
        """What the windows of each of these spans hold, at each instant."""
        spans = list(dict.fromkeys(spans_s))
        found = self.book.ending(starts_of(slo, self.ends, np.array(spans)[:, None]), self.ends)
        return {span: Window(*(side[place] for side in found)) for place, span in enumerate(spans)}


def ask_windows(slo: SLO, subject: Subject, *, until: Integers, spans_s: Iterable[int]) -> WindowsAsk:
    """What to read for windows of these lengths that end where the indicator has settled, in whole minutes or slices."""
    ends = until - (seconds(subject.settle) if settles_with(slo) == "labels" else 0)
    ends = ends - ends % _width(slo)
    return WindowsAsk(BookAsk(slo, subject, edges_for(slo, ends, sorted(set(spans_s)))), ends)


def read_objective_windows(asks: Sequence[WindowsAsk]) -> list[ObjectiveWindows]:
    """In their order, by the statements of `read_books`."""
    read = read_books(ask.book for ask in asks)
    return [ObjectiveWindows(book, ask.ends) for ask, book in zip(asks, read, strict=True)]


Columns = Mapping[Name, Sequence[Column]]


def rehearsed(ask: WindowsAsk, told: Callable[[SLO], tuple[Subject, Columns]]) -> ObjectiveWindows:
    """The same of buckets of minutes that somebody made up. `told` says what is known of the model of an objective, and its
    buckets; a composite is put together from its components.
    """
    slo, edges = ask.book.slo, ask.book.edges
    if slo.sli != COMPOSITE:
        return ObjectiveWindows(_made_up(slo, edges, *told(slo)), ask.ends)
    parts = [one.slo for one in components_of(slo)]
    widths = [seconds(one.sliced) if one.sliced else 0 for one in parts]
    books = [_made_up(one, edges_within(edges, width), *told(one)) for one, width in zip(parts, widths, strict=True)]
    return ObjectiveWindows(Composed(edges, combination_of(slo), books, widths), ask.ends)


def _made_up(slo: SLO, edges: Integers, subject: Subject, columns: Columns) -> Counted:
    width = _width(slo)
    starts = np.arange(edges[0], edges[-1], width, dtype=np.int64)
    tallies = Sliding(columns, np.stack([starts, starts + width])).tallies()
    parts = np.array([good_valid(slo, tally, subject) for (tally,) in tallies])
    return counted_of(edges, starts, parts.reshape(-1, 2))


def _width(slo: SLO) -> int:
    return seconds(slo.sliced) if slo.sliced else MINUTE
