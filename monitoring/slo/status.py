"""What an objective promises and how far it is kept: attained, budget, burn rates, state.

The window of an SLO rolls, or is a period of the calendar that starts anew in its time zone. It ends at min(now, ingest watermark) - settle, where settle is how long the model's
labels take (learned, else declared) for indicators that wait for labels and nothing for the others. A drain that is behind makes the status *stale*. Where
slices of time are judged, windows are made of whole slices: they end with the last one that has settled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from monitoring.models import SLO
from monitoring.selectors.counts import Book
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import BookAsk, budget_start, edges_for, read_books, seconds, starts_of
from monitoring.slo.composites import subjects_for
from monitoring.slo.indicators import settles_with
from monitoring.stats.burn import (
    DECIMALS,
    GUARD,
    Guard,
    Pair,
    budget_left,
    burn_rate,
    exhausts_in,
    span_label,
    spans,
    standard_pairs,
)
from monitoring.stats.periods import days_between
from monitoring.stats.slices import slice_start
from monitoring.stats.tally import Subject
from monitoring.stats.tiers import DAY, HOUR, MINUTE, Integers, down, up

STALE_AFTER = timedelta(minutes=2)
SLOState = Literal["ok", "burning", "exhausted", "no_data", "stale"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Good and valid events, or slices, of a window [start, end); shares of slices are no whole numbers. `hits` are its bad
    events as a guard against low traffic counts them, where that is another number.
    """

    good: float
    valid: float
    start: datetime
    end: datetime
    hits: float | None = None

    @property
    def bad(self) -> float:
        """Events that spend the budget."""
        return self.valid - self.good

    @property
    def guarded(self) -> float:
        """Bad events, for a guard."""
        return self.bad if self.hits is None else self.hits


@dataclass(frozen=True, slots=True)
class SLOStatus:
    """How an SLO stands. Fractions are of one; `burn` is keyed by window ("5m", "1h", …), None where nothing happened.

    `budget_left` is negative when overspent. `exhausts_in_s` extrapolates the burn rate of the shortest long window over the
    window as far as it has come; None when nothing burns. `daily` is what was left at each midnight (UTC) and at the end. `windows` are
    those of the burn rates, by length in seconds.
    """

    attained: float | None
    budget_left: float | None
    burn: dict[str, float | None]
    exhausts_in_s: float | None
    state: SLOState
    good: float
    valid: float
    window_start: datetime
    window_end: datetime
    daily: tuple[float | None, ...] = ()
    windows: Mapping[int, Counts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BudgetDay:
    """A local day of the window: what it spent of the window's budget (fractions of it), and what was left at its end."""

    day: date
    good: float
    valid: float
    spent: float | None
    left: float | None


def slo_status(slo: SLO, *, now: datetime) -> SLOStatus:
    """How the SLO stands now."""
    return slo_statuses([slo], now=now)[slo.pk]


def slo_statuses(slos: Iterable[SLO], *, now: datetime) -> dict[int, SLOStatus]:
    """The status of each, by id: as many queries for any number of SLOs as for one (load `model` with them)."""
    slos = list(slos)
    watermark = ingest_watermark(now=now)
    stale = is_stale(now=now, watermark=watermark)
    pairs = zip(slos, subjects_for(slos), strict=True)
    asks = [ask_status(slo, subject, now=now, watermark=watermark) for slo, subject in pairs]
    return {slo.pk: status_of(slo, book, stale=stale) for slo, book in zip(slos, read_books(asks), strict=True)}


def ask_status(slo: SLO, subject: Subject, *, now: datetime, watermark: datetime) -> BookAsk:
    """What to read for `status_of`. Its midnights cost nothing: days are read anyway."""
    end = last_edge(slo, subject, now=now, watermark=watermark)
    start = budget_start(slo, end)
    windows = edges_for(slo, np.array([end]), spans(_pairs(slo)))
    return BookAsk(slo, subject, np.unique(np.concatenate([windows, [start], _midnights(start, end)])))


def last_edge(slo: SLO, subject: Subject, *, now: datetime, watermark: datetime) -> int:
    """Where its windows end, in epoch seconds."""
    return seconds(window_end(slo, subject, now=now, watermark=watermark)) // MINUTE * MINUTE


def _midnights(start: int, end: int) -> Integers:
    return np.arange(up(start, DAY), end, DAY, dtype=np.int64)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)


def _pairs(slo: SLO) -> tuple[Pair, ...]:
    return standard_pairs(slo.window.total_seconds(), slo.target)


def status_of(slo: SLO, book: Book, *, stale: bool) -> SLOStatus:
    """How the SLO stands by what was read for `ask_status`; `stale` when the drain lags (`is_stale`)."""
    pairs, end = _pairs(slo), int(book.edges[-1])
    spans_s, start = spans(pairs), budget_start(slo, end)
    starts = np.append(starts_of(slo, np.array(end), np.array(spans_s)), start)
    good, valid, hits = (side.tolist() for side in book.ending(starts, np.full_like(starts, end))[:3])
    until = _moment(end)
    counts = {
        span: Counts(good[at], valid[at], _moment(starts[at]), until, hits[at]) for at, span in enumerate(spans_s)
    }
    burn = {span: burn_rate(counts[span].bad, counts[span].valid, slo.target) for span in spans_s}
    left = budget_left(valid[-1] - good[-1], valid[-1], slo.target)
    fastest = min(pair.long_s for pair in pairs)
    lasts = end - start if slo.calendar else slo.window.total_seconds()
    return SLOStatus(
        attained=good[-1] / valid[-1] if valid[-1] else None,
        budget_left=left,
        burn={span_label(span): rate for span, rate in burn.items()},
        exhausts_in_s=None if left is None else exhausts_in(left, burn[fastest], lasts),
        state=_state(slo, left, pairs, counts, stale=stale),
        good=good[-1],
        valid=valid[-1],
        window_start=_moment(start),
        window_end=until,
        daily=tuple(burn_down(slo, book, np.append(_midnights(start, end), end))),
        windows=counts,
    )


def burn_down(slo: SLO, book: Book, moments: Integers) -> list[float | None]:
    """What was left of the budget at each of these moments, of what the whole window may spend; None of no events."""
    end = int(book.edges[-1])
    start = budget_start(slo, end)
    spent, whole = book.spent(np.full_like(moments, start), moments, (start, end))
    return [budget_left(float(bad), whole, slo.target) for bad in spent]


def is_stale(*, now: datetime, watermark: datetime) -> bool:
    """Whether the drain lags so far behind that nothing can be said of the present."""
    return now - watermark > STALE_AFTER


def window_end(slo: SLO, subject: Subject, *, now: datetime, watermark: datetime) -> datetime:
    """Until when the indicator has settled."""
    settle = subject.settle if settles_with(slo) == "labels" else timedelta(0)
    end = min(now, watermark) - settle
    return slice_start(end, slo.sliced) if slo.sliced else end


def counts_between(slo: SLO, book: Book, edges: Sequence[datetime]) -> list[Counts]:
    """Good and valid between neighbouring edges of `ask_between`. A slice of time counts where it begins."""
    marks = _marks(slo, edges)
    good, valid = (side.tolist() for side in book.between(marks[:-1], marks[1:]))
    return [Counts(*found) for found in zip(good, valid, edges, edges[1:], strict=False)]


def ask_between(slo: SLO, subject: Subject, edges: Sequence[datetime]) -> BookAsk:
    """What to read for `counts_between`: edges, ascending, are cut down to minutes."""
    return BookAsk(slo, subject, np.unique(_marks(slo, edges)))


def _marks(slo: SLO, edges: Sequence[datetime]) -> Integers:
    """What begins before the first edge, and reaches over it, counts in the first window."""
    marks: Integers = down(np.array([seconds(at) for at in edges], dtype=np.int64), MINUTE)
    if slo.sliced:
        marks[0] = down(marks[0], seconds(slo.sliced))
    return marks


def guard_of(slo: SLO, pair: Pair, guard: Guard = GUARD) -> Guard:
    """How many bad events the windows of a pair need. No more slices than there are in a window; and none where their
    shares are counted, which a minimum of each slice guards.
    """
    if slo.sliced is None:
        return guard
    if slo.method == SLO.Method.RATIO_TIMESLICES:
        return Guard(0, 0)
    width = slo.sliced.total_seconds()
    most = (max(1, int(span / width)) for span in (pair.long_s, pair.short_s))
    return Guard(*map(min, (guard.long, guard.short), most))


def pair_burns(slo: SLO, pair: Pair, counts: Mapping[int, Counts]) -> bool:
    """Whether both windows burn faster than the factor, on enough bad events."""
    guard, windows = guard_of(slo, pair), (counts[pair.long_s], counts[pair.short_s])
    if windows[0].guarded < guard.long or windows[1].guarded < guard.short:
        return False
    rates = (burn_rate(window.bad, window.valid, slo.target) for window in windows)
    return all(rate is not None and rate > pair.factor for rate in rates)


def _state(slo: SLO, left: float | None, pairs: Iterable[Pair], counts: dict[int, Counts], *, stale: bool) -> SLOState:
    if stale:
        return "stale"
    if left is None:
        return "no_data"
    if left <= 0:
        return "exhausted"
    burning = any(pair_burns(slo, pair, counts) for pair in pairs)
    return "burning" if burning else "ok"


def budget_series(slo: SLO, *, now: datetime, points: int) -> list[tuple[datetime, float | None]]:
    """The burn-down of the budget over the SLO's window so far: equal steps, at whole hours in windows of a day or more.

    It starts at 1 and every bad event takes its share of what the whole window may spend, so the last point is the
    `budget_left` of the status. All None when the window holds no events.
    """
    book, start, end = _book_of(slo, now=now, edges=lambda start, end: _steps(start, end, points))
    steps = _steps(start, end, points)
    return list(zip(map(_moment, steps.tolist()), burn_down(slo, book, steps), strict=True))


def budget_days(slo: SLO, *, now: datetime) -> list[BudgetDay]:
    """The calendar of the budget: every local day of the window so far, in the SLO's time zone."""
    zone = ZoneInfo(slo.zone)
    book, start, end = _book_of(slo, now=now, edges=lambda start, end: _days(start, end, zone))
    edges = _days(start, end, zone)
    days = [day for day, *_ in days_between(_moment(start), _moment(end), zone)]
    good, valid = book.between(edges[:-1], edges[1:])
    left = burn_down(slo, book, edges)
    return [
        BudgetDay(day, float(ok), float(of), _spent(before, after), after)
        for day, ok, of, before, after in zip(days, good, valid, left[:-1], left[1:], strict=True)
    ]


def _spent(before: float | None, after: float | None) -> float | None:
    """What a day took; three tenths less two are a tenth, whatever a float makes of them."""
    return None if before is None or after is None else round(before - after, DECIMALS)


def _steps(start: int, end: int, points: int) -> Integers:
    width = HOUR if end - start >= DAY else MINUTE
    steps: Integers = down(np.linspace(start, end, points + 1).astype(np.int64), width)
    steps[0], steps[-1] = start, end
    return steps


def _days(start: int, end: int, zone: ZoneInfo) -> Integers:
    found = [seconds(begins) for _, begins, _ in days_between(_moment(start), _moment(end), zone)]
    return np.array([*found, end], dtype=np.int64)


def _book_of(slo: SLO, *, now: datetime, edges: Callable[[int, int], Integers]) -> tuple[Book, int, int]:
    """(its book at these edges of its window, where the window begins, where it ends)."""
    [subject] = subjects_for([slo])
    end = last_edge(slo, subject, now=now, watermark=ingest_watermark(now=now))
    start = budget_start(slo, end)
    [book] = read_books([BookAsk(slo, subject, np.unique(edges(start, end)))])
    return book, start, end
