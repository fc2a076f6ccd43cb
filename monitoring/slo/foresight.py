"""What the alerts of an objective will do at the traffic it has, before anybody saves it. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from monitoring.models import SLO
from monitoring.selectors.counts import Book
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import BookAsk, read_books
from monitoring.slo.composites import subjects_for
from monitoring.slo.status import guard_of, last_edge
from monitoring.stats.burn import DAY, GUARD, HOUR, Guard, Pair, allowance, reachable, spans, standard_pairs
from monitoring.stats.false_alarms import false_alarms
from monitoring.stats.foresee import ATONCE, OUTAGES, Clocks, Outage, foresee_pair
from monitoring.stats.tally import Subject
from monitoring.stats.traffic import Traffic, traffic_of

DAYS: Final = 14
PAGE: Final = "page"


@dataclass(frozen=True, slots=True)
class PairForesight:
    """A pair, the bad events that its windows need, and what it makes of an outage of each share."""

    pair: Pair
    guard: Guard
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """How often in 30 days: at the bad share measured, and at both ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Foresight:
    """What the pairs will do; without traffic nobody knows how long guards wait, nor how many alarms are false.

    `share` is the bad share that false alarms are reckoned with: the measured one, no more than the budget, for what fires
    above is not false.
    """

    target: float
    pairs: tuple[PairForesight, ...]
    traffic: Traffic | None = None
    share: float = 0.0
    false_pages: Expected | None = None
    false_tickets: Expected | None = None

    @property
    def per_hour(self) -> float | None:
        """Events an hour."""
        return self.traffic.per_second * HOUR if self.traffic else None

    @property
    def over_budget(self) -> bool:
        """Whether more was bad lately than the objective allows."""
        return self.traffic is not None and self.traffic.share > allowance(self.target)


def foresee_slo(slo: SLO, *, now: datetime) -> Foresight:
    """By the standard table, as rules on the objective have it. One statement."""
    return foresee(slo, standard_pairs(slo.period.total_seconds(), slo.target), read_traffic(slo, now=now))


def read_traffic(slo: SLO, *, now: datetime) -> Traffic | None:
    """The last two weeks by the hour; of slices that are longer, slice by slice. None where nothing came."""
    watermark = ingest_watermark(now=now)
    [subject] = subjects_for([slo])
    ask, width = ask_traffic(slo, subject, now=now, watermark=watermark)
    [book] = read_books([ask])
    return traffic_in(book, width)


def ask_traffic(slo: SLO, subject: Subject, *, now: datetime, watermark: datetime) -> tuple[BookAsk, int]:
    """(what to read for `traffic_in`, how long a slot is, in seconds)."""
    width = max(HOUR, int(slo.sliced.total_seconds()) if slo.sliced else 0)
    end = last_edge(slo, subject, now=now, watermark=watermark) // width * width
    return BookAsk(slo, subject, np.arange(end - DAYS * DAY, end + 1, width, dtype=np.int64)), width


def traffic_in(book: Book, width: int) -> Traffic | None:
    """What the book of `ask_traffic` holds; of a composite the slots weigh as they do in the whole of them."""
    starts, ends = book.edges[:-1], book.edges[1:]
    valid = np.asarray(book.between(starts, ends)[1], dtype=np.float64)
    bad, whole = book.spent(starts, ends, (int(starts[0]), int(ends[-1])))
    if (total := valid.sum()) > 0:
        valid = valid * (whole / total)
    return traffic_of(valid, np.asarray(bad, dtype=np.float64), width)


def foresee(
    slo: SLO, pairs: Sequence[Pair], traffic: Traffic | None, *, guard: Guard = GUARD, clocks: Clocks = ATONCE
) -> Foresight:
    """What these pairs will do; those that can never fire do nothing."""
    period = slo.period.total_seconds()
    rows = []
    for pair in pairs:
        needed = guard_of(slo, pair, guard)
        told = tuple(
            foresee_pair(
                pair,
                slo.target,
                period,
                share,
                guard=needed,
                per_second=traffic.per_second if traffic else None,
                clocks=clocks,
            )
            for share in OUTAGES
        )
        rows.append(PairForesight(pair, needed, told))
    if traffic is None:
        return Foresight(slo.target, tuple(rows))
    able = [row for row in rows if reachable(row.pair.factor, slo.target)]
    return Foresight(
        slo.target,
        tuple(rows),
        traffic,
        min(traffic.share, allowance(slo.target)),
        _expected([row for row in able if row.pair.severity == PAGE], slo.target, traffic),
        _expected([row for row in able if row.pair.severity != PAGE], slo.target, traffic),
    )


def _expected(rows: Sequence[PairForesight], target: float, traffic: Traffic) -> Expected:
    if not rows:
        return Expected(0.0, 0.0, 0.0)
    pairs = [row.pair for row in rows]
    volumes = traffic.volumes(spans(pairs))
    low, high = traffic.interval
    found = (
        false_alarms(pairs, target, min(share, allowance(target)), volumes, [row.guard for row in rows])
        for share in (traffic.share, low, high)
    )
    return Expected(*found)
