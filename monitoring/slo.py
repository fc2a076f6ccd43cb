"""What an objective promises and how far it is kept: attained, budget, burn rates, state.

The window of an SLO is rolling: it ends at min(now, ingest watermark) - settle, where settle is how long the model's
labels take (learned, else declared) for indicators that wait for labels and nothing for the others. A drain that is behind makes the status *stale*. Where
slices of time are judged, windows are made of whole slices: they end with the last one that has settled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np

from monitoring.books import BookAsk, edges_for, read_books, seconds, starts_of
from monitoring.indicators import good_valid, metrics_of, settles_with
from monitoring.measures import subjects_of
from monitoring.models import SLO
from monitoring.selectors.counts import Counted
from monitoring.selectors.summaries import LONG, Ask, Scope, read_tallies_of, window_start
from monitoring.selectors.watermark import ingest_watermark
from monitoring.stats.burn import Pair, budget_left, burn_rate, exhausts_in, span_label, spans, standard_pairs
from monitoring.stats.slices import slice_edges, slice_start, windows_of
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.tiers import MINUTE

STALE_AFTER = timedelta(minutes=2)
MINIMUM_BAD = 3
MOST_STEPS = 240
SLOState = Literal["ok", "burning", "exhausted", "no_data", "stale"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Good and valid events of a window [start, end)."""

    good: int
    valid: int
    start: datetime
    end: datetime

    @property
    def bad(self) -> int:
        """Events that spend the budget."""
        return self.valid - self.good


@dataclass(frozen=True, slots=True)
class SLOStatus:
    """How an SLO stands. Fractions are of one; `burn` is keyed by window ("5m", "1h", …), None where nothing happened.

    `budget_left` is negative when overspent. `exhausts_in_s` extrapolates the burn rate of the shortest long window;
    None when nothing burns.
    """

    attained: float | None
    budget_left: float | None
    burn: dict[str, float | None]
    exhausts_in_s: float | None
    state: SLOState
    good: int
    valid: int
    window_start: datetime
    window_end: datetime


def slo_status(slo: SLO, *, now: datetime) -> SLOStatus:
    """How the SLO stands now."""
    return slo_statuses([slo], now=now)[slo.pk]


def slo_statuses(slos: Iterable[SLO], *, now: datetime) -> dict[int, SLOStatus]:
    """The status of each, by id: as many queries for any number of SLOs as for one (load `model` with them)."""
    slos = list(slos)
    watermark = ingest_watermark(now=now)
    subjects = subjects_of(slo.model for slo in slos)
    stale = is_stale(now=now, watermark=watermark)
    asks = [ask_status(slo, subjects[slo.model_id], now=now, watermark=watermark) for slo in slos]
    return {slo.pk: status_of(slo, book, stale=stale) for slo, book in zip(slos, read_books(asks), strict=True)}


def ask_status(slo: SLO, subject: Subject, *, now: datetime, watermark: datetime) -> BookAsk:
    """What to read for `status_of`, so that it can be read together with what else a page shows."""
    end = seconds(window_end(slo, subject, now=now, watermark=watermark)) // MINUTE * MINUTE
    return BookAsk(slo, subject, edges_for(slo, np.array([end]), _spans(slo)))


def status_of(slo: SLO, book: Counted, *, stale: bool) -> SLOStatus:
    """How the SLO stands by what was read for `ask_status`; `stale` when the drain lags (`is_stale`)."""
    spans_s, end = _spans(slo), book.edges[-1]
    starts = starts_of(slo, end, np.array(spans_s))
    good, valid = book.between(starts, np.broadcast_to(end, starts.shape))
    until = _moment(end)
    counts = {
        span: Counts(ok, of, _moment(start), until)
        for span, start, ok, of in zip(spans_s, starts.tolist(), good.tolist(), valid.tolist(), strict=True)
    }
    return _status(slo, counts, stale=stale)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)


def _spans(slo: SLO) -> list[int]:
    """The windows of the standard pairs and of the SLO itself, in seconds."""
    window = slo.window.total_seconds()
    return [*spans(standard_pairs(window, slo.target)), int(window)]


def _status(slo: SLO, counts: dict[int, Counts], *, stale: bool) -> SLOStatus:
    pairs = standard_pairs(slo.window.total_seconds(), slo.target)
    window = int(slo.window.total_seconds())
    whole = counts[window]
    burn = {span: burn_rate(counts[span].bad, counts[span].valid, slo.target) for span in spans(pairs)}
    left = budget_left(whole.bad, whole.valid, slo.target)
    fastest = min(pair.long_s for pair in pairs)
    return SLOStatus(
        attained=whole.good / whole.valid if whole.valid else None,
        budget_left=left,
        burn={span_label(span): rate for span, rate in burn.items()},
        exhausts_in_s=None if left is None else exhausts_in(left, burn[fastest], window),
        state=_state(left, pairs, counts, slo.target, stale=stale),
        good=whole.good,
        valid=whole.valid,
        window_start=whole.start,
        window_end=whole.end,
    )


def is_stale(*, now: datetime, watermark: datetime) -> bool:
    """Whether the drain lags so far behind that nothing can be said of the present."""
    return now - watermark > STALE_AFTER


def window_end(slo: SLO, subject: Subject, *, now: datetime, watermark: datetime) -> datetime:
    """Until when the indicator has settled."""
    settle = subject.settle if settles_with(slo) == "labels" else timedelta(0)
    end = min(now, watermark) - settle
    return slice_start(end, slo.sliced) if slo.sliced else end


def ask_counts(slo: SLO, *, end: datetime, spans_s: Iterable[int]) -> Ask:
    """What to read for `counts_of`: windows that share their end, cut into the slices between their starts.

    Windows of a day or more begin at a whole hour (`window_start`).
    """
    return ask_slices(slo, edges=_edges(slo, end, spans_s))


def _edges(slo: SLO, end: datetime, spans_s: Iterable[int]) -> list[datetime]:
    starts = [window_start(end, timedelta(seconds=span)) for span in sorted(set(spans_s), reverse=True)]
    return [*(slice_start(start, slo.sliced) if slo.sliced else start for start in starts), end]


def counts_of(slo: SLO, subject: Subject, slices: Sequence[Tally], *, spans_s: Iterable[int]) -> dict[int, Counts]:
    """Good and valid of the windows (end - span, end], by span in seconds: the slices added up backwards."""
    parts = slices_of(slo, subject, slices)
    if slo.sliced:
        parts = _windows(parts, _edges(slo, parts[-1].end, spans_s))
    sums = accumulate(reversed(parts), lambda later, earlier: _joined(earlier, later))
    return dict(zip(sorted(set(spans_s)), sums, strict=True))


def _joined(earlier: Counts, later: Counts) -> Counts:
    return Counts(earlier.good + later.good, earlier.valid + later.valid, earlier.start, later.end)


def read_counts(slo: SLO, subject: Subject, *, end: datetime, spans_s: Sequence[int]) -> dict[int, Counts]:
    """`counts_of` windows that end at `end`, in one query."""
    ask = ask_counts(slo, end=end, spans_s=spans_s)
    return counts_of(slo, subject, read_tallies_of([ask])[0], spans_s=spans_s)


def _windows(slices: Sequence[Counts], edges: Sequence[datetime]) -> list[Counts]:
    """Slices of time added up in the windows between these edges."""
    found = [Counts(0, 0, start, end) for start, end in pairwise(edges)]
    for part, place in zip(slices, windows_of([part.start for part in slices], edges), strict=True):
        window = found[place]
        found[place] = Counts(window.good + part.good, window.valid + part.valid, window.start, window.end)
    return found


def ask_slices(slo: SLO, *, edges: Iterable[datetime]) -> Ask:
    """What to read for `slices_of`: these windows, or every slice of time that touches them."""
    scope = Scope(slo.project_id, slo.model_id, environment=slo.environment)
    marks = tuple(edges)
    return Ask(scope, frozenset(metrics_of(slo)), tuple(slice_edges(marks, slo.sliced)) if slo.sliced else marks)


def slices_of(slo: SLO, subject: Subject, tallies: Iterable[Tally]) -> list[Counts]:
    """Good and valid of each window that was asked for; of each slice of time where those are judged."""
    return [Counts(*good_valid(slo, tally, subject), tally.start, tally.end) for tally in tallies]


def read_slices(slo: SLO, subject: Subject, *, edges: Sequence[datetime]) -> list[Counts]:
    """Good and valid between neighbouring edges, in one query. A slice of time counts where it begins."""
    parts = slices_of(slo, subject, read_tallies_of([ask_slices(slo, edges=edges)])[0])
    return _windows(parts, edges) if slo.sliced else parts


def sum_of(slo: SLO, subject: Subject, tallies: Iterable[Tally]) -> Counts:
    """Good and valid of all that was asked for by `ask_slices`."""
    parts = slices_of(slo, subject, tallies)
    return Counts(sum(part.good for part in parts), sum(part.valid for part in parts), parts[0].start, parts[-1].end)


def pair_burns(pair: Pair, counts: dict[int, Counts], target: float, *, minimum: int) -> bool:
    """Whether both windows burn faster than the factor, on at least `minimum` bad events in the long one."""
    if counts[pair.long_s].bad < minimum:
        return False
    rates = (burn_rate(counts[span].bad, counts[span].valid, target) for span in (pair.long_s, pair.short_s))
    return all(rate is not None and rate > pair.factor for rate in rates)


def _state(
    left: float | None, pairs: Iterable[Pair], counts: dict[int, Counts], target: float, *, stale: bool
) -> SLOState:
    if stale:
        return "stale"
    if left is None:
        return "no_data"
    if left <= 0:
        return "exhausted"
    burning = any(pair_burns(pair, counts, target, minimum=MINIMUM_BAD) for pair in pairs)
    return "burning" if burning else "ok"


def budget_series(slo: SLO, *, now: datetime, points: int) -> list[tuple[datetime, float | None]]:
    """The burn-down of the budget over the SLO's window: `points` steps, in one query for the summaries.

    It starts at 1 and every bad event takes its share of what the whole window may spend, so the last point is the
    `budget_left` of the status. All None when the window holds no events.
    """
    subject = subjects_of([slo.model])[slo.model_id]
    end = window_end(slo, subject, now=now, watermark=ingest_watermark(now=now))
    return budget_of(slo, subject, read_tallies_of([ask_budget(slo, end=end, points=points)])[0])


def ask_budget(slo: SLO, *, end: datetime, points: int) -> Ask:
    """What to read for `budget_of`: equal steps, which begin at whole hours in windows of a day or more."""
    steps = (slo.window * (points - done) / points for done in range(points))
    whole = slo.window >= LONG
    starts = [(end - step).replace(minute=0, second=0, microsecond=0) if whole else end - step for step in steps]
    return ask_slices(slo, edges=[*starts, end])


def budget_of(slo: SLO, subject: Subject, tallies: Iterable[Tally]) -> list[tuple[datetime, float | None]]:
    """The burn-down over these neighbouring windows: their edges and what is left there; of slices at most MOST_STEPS."""
    slices = slices_of(slo, subject, tallies)
    if slo.sliced and len(slices) > MOST_STEPS:
        starts = [part.start for part in slices[:: -(-len(slices) // MOST_STEPS)]]
        slices = _windows(slices, [*starts, slices[-1].end])
    valid = sum(part.valid for part in slices)
    bad = accumulate((part.bad for part in slices), initial=0)
    moments = [slices[0].start, *(part.end for part in slices)]
    return [(at, budget_left(spent, valid, slo.target)) for at, spent in zip(moments, bad, strict=True)]
