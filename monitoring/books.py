"""The book of an objective: what is good and what is valid between any edges, whatever is counted.

    [book] = read_books([BookAsk(slo, subject, edges)])
    good, valid = book.between(starts, ends)         # arrays of epoch seconds; each moment is one of the edges

This is what statuses, budgets and rules are judged by. `edges` come from `edges_for`, for one instant or for an array of
them. Events of all asks are read by one statement, measures judged by slices of time by one more. Where slices are judged,
one counts in the window that it begins in, and `edges_for` has cut the windows to the grid of slices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from monitoring.indicators import good_valid, indicator_of, metrics_of
from monitoring.models import SLO
from monitoring.selectors.counts import CountAsk, Counted, read_counts
from monitoring.selectors.summaries import LONG, Ask, Scope, read_tallies_of
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


def read_books(asks: Iterable[BookAsk]) -> list[Counted]:
    """The book of each, in their order: one statement for events, one for slices of time."""
    asks = list(asks)
    counting = [ask for ask in asks if not ask.slo.sliced]
    judging = [ask for ask in asks if ask.slo.sliced]
    counted = iter(read_counts(_count_ask(ask) for ask in counting))
    judged = iter(_judge(judging) if judging else [])
    return [next(judged) if ask.slo.sliced else next(counted) for ask in asks]


def _count_ask(ask: BookAsk) -> CountAsk:
    indicator = indicator_of(ask.slo)
    if indicator is None:
        message = f"{ask.slo.slug} counts no events."
        raise ValueError(message)
    return CountAsk(ask.scope, indicator.metric, indicator.marks, ask.subject, ask.slo.bound_ms, ask.edges)


def _judge(asks: Sequence[BookAsk]) -> list[Counted]:
    """Every slice that touches the edges, judged by its measure."""
    grids = [slice_edges([_moment(ask.edges[0]), _moment(ask.edges[-1])], ask.slo.sliced or LONG) for ask in asks]
    tallies = read_tallies_of(
        Ask(ask.scope, frozenset(metrics_of(ask.slo)), tuple(grid)) for ask, grid in zip(asks, grids, strict=True)
    )
    return [
        counted_of(
            ask.edges,
            np.array([int(tally.start.timestamp()) for tally in found]),
            np.array([good_valid(ask.slo, tally, ask.subject) for tally in found]),
        )
        for ask, found in zip(asks, tallies, strict=True)
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
