"""The book of an objective: what is good and what is valid between any edges, whatever is counted.

    [book] = read_books([BookAsk(slo, subject, edges)])
    good, valid = book.between(starts, ends)         # arrays of epoch seconds; each moment is one of the edges

This is what statuses, budgets and rules are judged by. `edges` come from `edges_for`, for one instant or for an array of
them. Events of all asks are read by one statement, measures of slices of time by one more. Another one reads what people
corrected (`models.Correction`), which is left out, or good, in every book alike. Where slices are judged (by a measure, or
by the share of their events that is good), one counts in the window that it begins in, and `edges_for` has cut the windows
to the grid of slices. The book of a composite is made of those of its components, which are read with the others; what is
corrected of the composite itself is so in each of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from monitoring.models import COMPOSITE, SLO
from monitoring.selectors.components import load_components
from monitoring.selectors.corrections import read_stretches
from monitoring.selectors.counts import Book, CountAsk, Counted, read_counts
from monitoring.selectors.floors import NEVER
from monitoring.selectors.summaries import LONG, Ask, Scope, read_tallies_of
from monitoring.slo.composites import Composed, combination_of, components_of, edges_within, subjects_for
from monitoring.slo.indicators import good_valid, indicator_of, judge_slices, metrics_of
from monitoring.stats.corrected import Stretch, correct, edges_for_any, widen
from monitoring.stats.periods import period_of
from monitoring.stats.slices import slice_edges
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.tiers import DAY, HOUR, MINUTE, Integers, down

# Fields of an SLO that say what is counted, beside whose events.
COUNTED: Final = (
    *("sli", "bound_ms", "measure", "comparison", "bound", "minimum", "method", "slice_target", "sliced"),
    *("composition", "without_data"),
)


@dataclass(frozen=True, eq=False)
class BookAsk:
    """The book of an SLO at these edges (epoch seconds, ascending)."""

    slo: SLO
    subject: Subject
    edges: Integers
    # Of one version or one segment ("region=south") only.
    version_id: int | None = None
    segment: str = ""
    # The composite that it is read for.
    within: SLO | None = None

    @property
    def scope(self) -> Scope:
        """Whose events."""
        slo = self.slo
        return Scope(slo.project_id, slo.model_id, self.version_id, slo.environment, self.segment)

    @property
    def counts(self) -> tuple[object, ...]:
        """What its book counts: equal where books at equal edges are."""
        parts = tuple((one.slo_id, one.weight) for one in self.slo.parts or ())
        return (self.scope, self.slo.pk, self.subject, parts, *(getattr(self.slo, name) for name in COUNTED))


def starts_of(slo: SLO, ends: Integers, spans_s: Integers) -> Integers:
    """Where windows of these spans begin that end there (broadcast). A day or more begins at a whole hour (`window_start`)."""
    starts = ends - spans_s
    if slo.sliced:
        return starts - starts % seconds(slo.sliced)
    return np.asarray(np.where(spans_s >= DAY, down(starts, HOUR), down(starts, MINUTE)))


def edges_for(slo: SLO, ends: Integers, spans_s: Sequence[int]) -> Integers:
    """All edges of the windows of these spans that end at `ends` (whole minutes, or ends of slices)."""
    starts = starts_of(slo, ends, np.array(spans_s)[:, None])
    # Each row is sorted where the ends are, which a stable sort makes use of; `np.unique` does not.
    every = np.sort(np.concatenate([ends, starts.ravel()]), kind="stable")
    found: Integers = every[np.append(True, every[1:] != every[:-1])]
    return found


def budget_start(slo: SLO, end: int) -> int:
    """Where the window of the budget begins that ends there: the period of the calendar that is not over, or so much earlier."""
    if not slo.calendar:
        return int(starts_of(slo, np.array(end), np.array(seconds(slo.window))))
    start, _ = period_of(_moment(end - 1), slo.calendar, ZoneInfo(slo.zone))
    return seconds(start)


def read_books(asks: Iterable[BookAsk]) -> list[Book]:
    """The book of each, in their order: a statement for corrections, one for events, one for measures of slices of time; of
    composites as many more for their components, however many there are.
    """
    asks = list(asks)
    return _composed(asks, _read_corrected(_parts(asks)))


def read_books_as_it_was(asks: Iterable[BookAsk]) -> list[Book]:
    """The same with every event, whatever people corrected."""
    asks = list(asks)
    return _composed(asks, _read([(ask, ()) for ask in _parts(asks)]))


def _read_corrected(asks: Sequence[BookAsk]) -> list[Counted]:
    if not asks:
        return []
    low, high = min(int(ask.edges[0]) for ask in asks), max(int(ask.edges[-1]) for ask in asks)
    composites = [ask.within for ask in asks if ask.within]
    stretches = read_stretches([*(ask.slo for ask in asks), *composites], start=low, end=high)
    wider = iter(stretches[len(asks) :])
    return _read(
        [(ask, [*mine, *(next(wider) if ask.within else ())]) for ask, mine in zip(asks, stretches, strict=False)]
    )


def _parts(asks: Sequence[BookAsk]) -> list[BookAsk]:
    """With the components of each composite in its place, of the same version or segment."""
    if all(ask.slo.sli != COMPOSITE for ask in asks):
        return list(asks)
    composites = [ask.slo for ask in asks if ask.slo.sli == COMPOSITE]
    load_components(composites)
    parts = list({one.slo_id: one.slo for slo in composites for one in components_of(slo)}.values())
    subjects = {part.pk: subject for part, subject in zip(parts, subjects_for(parts), strict=True)}
    cut: dict[tuple[int, int], Integers] = {}  # groups of an objective have the edges in common
    found = []
    for ask in asks:
        if ask.slo.sli != COMPOSITE:
            found.append(ask)
            continue
        for one in components_of(ask.slo):
            key = (id(ask.edges), _width(one.slo))
            if key not in cut:
                cut[key] = edges_within(ask.edges, _width(one.slo))
            found.append(BookAsk(one.slo, subjects[one.slo_id], cut[key], ask.version_id, ask.segment, within=ask.slo))
    return found


def _composed(asks: Sequence[BookAsk], read: Iterable[Counted]) -> list[Book]:
    """What was read for `_parts`, put together."""
    books = iter(read)
    found: list[Book] = []
    for ask in asks:
        if ask.slo.sli != COMPOSITE:
            found.append(next(books))
            continue
        parts = components_of(ask.slo)
        mine = [next(books) for _part in parts]
        found.append(Composed(ask.edges, combination_of(ask.slo), mine, [_width(one.slo) for one in parts]))
    return found


def _width(slo: SLO) -> int:
    """Of a slice of time in seconds; 0 where events are counted."""
    return seconds(slo.sliced) if slo.sliced else 0


Stretches = Sequence[Stretch]


def _read(pairs: Sequence[tuple[BookAsk, Stretches]]) -> list[Counted]:
    counting = [pair for pair in pairs if indicator_of(pair[0].slo)]
    judging = [pair for pair in pairs if not indicator_of(pair[0].slo)]
    read = zip(counting, read_counts(_count_ask(*pair) for pair in counting), strict=True)
    counted = iter([_of_events(*pair, events) for pair, events in read])
    judged = iter(_judge(judging) if judging else [])
    return [next(counted) if indicator_of(ask.slo) else next(judged) for ask, _stretches in pairs]


def _count_ask(ask: BookAsk, stretches: Stretches) -> CountAsk:
    indicator = indicator_of(ask.slo)
    if indicator is None:
        message = f"{ask.slo.slug} counts no events."
        raise ValueError(message)
    edges = _grid(ask, ask.slo.sliced) if ask.slo.sliced else _with_corrections(ask.edges, stretches)
    return CountAsk(ask.scope, indicator.metric, indicator.marks, ask.subject, ask.slo.bound_ms, edges)


def _with_corrections(edges: Integers, stretches: Stretches) -> Integers:
    """With every edge that a correction may have between them."""
    if not stretches:
        return edges
    more = np.array(edges_for_any(stretches), dtype=np.int64)
    return np.union1d(edges, more[(edges[0] < more) & (more < edges[-1])])


def _grid(ask: BookAsk, width: timedelta) -> Integers:
    """The edges of every slice that touches the edges."""
    return np.array([seconds(at) for at in slice_edges([_moment(ask.edges[0]), _moment(ask.edges[-1])], width)])


def _of_events(ask: BookAsk, stretches: Stretches, events: Counted) -> Counted:
    """The book of events, or of slices of time by the events in each."""
    if not stretches and not ask.slo.sliced:
        return events
    starts = events.edges[:-1]
    good, valid = events.between(starts, events.edges[1:])
    parts = judge_slices(ask.slo, good, valid) if ask.slo.sliced else np.stack([good, valid], axis=1)
    return counted_of(ask.edges, starts, _corrected(ask.slo, starts, parts, stretches, events.floors), events.floors)


def _corrected(
    slo: SLO, starts: Integers, parts: NDArray[Any], stretches: Stretches, floors: tuple[int, int]
) -> NDArray[Any]:
    width = seconds(slo.sliced) if slo.sliced else MINUTE
    return correct(starts, parts, [widen(one, floors, width) for one in stretches]) if stretches else parts


def _judge(pairs: Sequence[tuple[BookAsk, Stretches]]) -> list[Counted]:
    """Every slice that touches the edges, judged by its measure."""
    read = read_tallies_of(
        Ask(
            ask.scope,
            frozenset(metrics_of(ask.slo)),
            tuple(_moment(at) for at in _grid(ask, ask.slo.sliced or LONG)),
        )
        for ask, _stretches in pairs
    )
    return [_of_measures(ask, stretches, found) for (ask, stretches), found in zip(pairs, read, strict=True)]


def _of_measures(ask: BookAsk, stretches: Stretches, slices: Sequence[Tally]) -> Counted:
    starts = np.array([seconds(tally.start) for tally in slices])
    parts = np.array([good_valid(ask.slo, tally, ask.subject) for tally in slices])
    return counted_of(ask.edges, starts, _corrected(ask.slo, starts, parts, stretches, (NEVER, NEVER)))


def counted_of(
    edges: Integers, starts: Integers, parts: NDArray[Any], floors: tuple[int, int] = (NEVER, NEVER)
) -> Counted:
    """The book at `edges` of parts (good, valid) that begin at `starts`, ascending; each counts where it begins."""
    sums = np.zeros((len(parts) + 1, 2), dtype=parts.dtype)
    np.cumsum(parts[::-1], axis=0, out=sums[1:])
    since = sums[::-1][np.searchsorted(starts, edges)]
    return Counted(edges, since - since[-1], floors)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(int(at), tz=UTC)


def seconds(at: datetime | timedelta) -> int:
    """Whole seconds of a moment since the epoch, or of a span."""
    return int(at.timestamp() if isinstance(at, datetime) else at.total_seconds())
