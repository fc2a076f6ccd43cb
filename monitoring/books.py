"""The book of an objective: what is good and what is valid between any edges, whatever is counted.

    [book] = read_books([BookAsk(slo, subject, edges)])
    good, valid = book.between(starts, ends)         # arrays of epoch seconds; each moment is one of the edges

This is what statuses, budgets and rules are judged by. `edges` come from `edges_for`, for one instant or for an array of
them. Events of all asks are read by one statement, measures of slices of time by one more. Where slices are judged (by a
measure, or by the share of their events that is good), one counts in the window that it begins in, and `edges_for` has cut the windows to the grid of slices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from monitoring.indicators import good_valid, indicator_of, judge_slices, metrics_of
from monitoring.models import SLO
from monitoring.selectors.counts import CountAsk, Counted, read_counts
from monitoring.selectors.summaries import LONG, Ask, Scope, read_tallies_of
from monitoring.stats.periods import period_of
from monitoring.stats.slices import slice_edges
from monitoring.stats.tally import Subject
from monitoring.stats.tiers import DAY, HOUR, MINUTE, Integers, down


@dataclass(frozen=True, eq=False)
class BookAsk:
    """The book of an SLO at these edges (epoch seconds, ascending)."""

    slo: SLO
    subject: Subject
    edges: Integers

    @property
    def scope(self) -> Scope:
        """Whose events."""
        return Scope(self.slo.project_id, self.slo.model_id, environment=self.slo.environment)


def starts_of(slo: SLO, ends: Integers, spans_s: Integers) -> Integers:
    """Where windows of these spans begin that end there (broadcast). A day or more begins at a whole hour (`window_start`)."""
    starts = ends - spans_s
    if slo.sliced:
        return starts - starts % seconds(slo.sliced)
    return np.asarray(np.where(spans_s >= DAY, down(starts, HOUR), down(starts, MINUTE)))


def edges_for(slo: SLO, ends: Integers, spans_s: Sequence[int]) -> Integers:
    """All edges of the windows of these spans that end at `ends` (whole minutes, or ends of slices)."""
    starts = starts_of(slo, ends[:, None], np.array(spans_s))
    return np.unique(np.concatenate([ends, starts.ravel()]))


def budget_start(slo: SLO, end: int) -> int:
    """Where the window of the budget begins that ends there: the period of the calendar that is not over, or so much earlier."""
    if not slo.calendar:
        return int(starts_of(slo, np.array(end), np.array(seconds(slo.window))))
    start, _ = period_of(_moment(end - 1), slo.calendar, ZoneInfo(slo.zone))
    return seconds(start)


def read_books(asks: Iterable[BookAsk]) -> list[Counted]:
    """The book of each, in their order: one statement for events, one for measures of slices of time."""
    asks = list(asks)
    counting = [ask for ask in asks if indicator_of(ask.slo)]
    judging = [ask for ask in asks if not indicator_of(ask.slo)]
    read = zip(counting, read_counts(_count_ask(ask) for ask in counting), strict=True)
    counted = iter([_sliced(ask, events) if ask.slo.sliced else events for ask, events in read])
    judged = iter(_judge(judging) if judging else [])
    return [next(counted) if indicator_of(ask.slo) else next(judged) for ask in asks]


def _count_ask(ask: BookAsk) -> CountAsk:
    indicator = indicator_of(ask.slo)
    if indicator is None:
        message = f"{ask.slo.slug} counts no events."
        raise ValueError(message)
    edges = _grid(ask, ask.slo.sliced) if ask.slo.sliced else ask.edges
    return CountAsk(ask.scope, indicator.metric, indicator.marks, ask.subject, ask.slo.bound_ms, edges)


def _grid(ask: BookAsk, width: timedelta) -> Integers:
    """The edges of every slice that touches the edges."""
    return np.array([seconds(at) for at in slice_edges([_moment(ask.edges[0]), _moment(ask.edges[-1])], width)])


def _sliced(ask: BookAsk, events: Counted) -> Counted:
    """The book of slices of time, by the events in each."""
    good, valid = events.between(events.edges[:-1], events.edges[1:])
    return counted_of(ask.edges, events.edges[:-1], judge_slices(ask.slo, good, valid))


def _judge(asks: Sequence[BookAsk]) -> list[Counted]:
    """Every slice that touches the edges, judged by its measure."""
    read = read_tallies_of(
        Ask(
            ask.scope,
            frozenset(metrics_of(ask.slo)),
            tuple(_moment(at) for at in _grid(ask, ask.slo.sliced or LONG)),
        )
        for ask in asks
    )
    return [
        counted_of(
            ask.edges,
            np.array([seconds(tally.start) for tally in found]),
            np.array([good_valid(ask.slo, tally, ask.subject) for tally in found]),
        )
        for ask, found in zip(asks, read, strict=True)
    ]


def counted_of(edges: Integers, starts: Integers, parts: Integers) -> Counted:
    """The book at `edges` of parts (good, valid) that begin at `starts`, ascending; each counts where it begins."""
    sums = np.zeros((len(parts) + 1, 2), dtype=parts.dtype)
    np.cumsum(parts[::-1], axis=0, out=sums[1:])
    since = sums[::-1][np.searchsorted(starts, edges)]
    return Counted(edges, since - since[-1])


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(int(at), tz=UTC)


def seconds(at: datetime | timedelta) -> int:
    """Whole seconds of a moment since the epoch, or of a span."""
    return int(at.timestamp() if isinstance(at, datetime) else at.total_seconds())
