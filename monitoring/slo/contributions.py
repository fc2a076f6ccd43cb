"""What a composite attained over time, and what each component adds to it over the window of its budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from monitoring.measures.series import Point
from monitoring.models import SLO, Component
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import budget_start, read_books
from monitoring.slo.composites import Composed, subjects_for
from monitoring.slo.status import Counts, ask_between, ask_status, counts_between, last_edge
from monitoring.stats.burn import allowance


@dataclass(frozen=True, slots=True)
class Contribution:
    """A component within its composite. `share` is its part of the weight of those of which something came; `added` what it
    adds to the bad share of the whole, and `spent` that as a part of the whole's error budget: they add up to what the whole has spent.
    """

    component: Component
    good: float
    valid: float
    share: float
    added: float
    spent: float

    @property
    def attained(self) -> float | None:
        """Its own good share, over the window of the composite; None where nothing came."""
        return self.good / self.valid if self.valid else None


def attained_between(slo: SLO, edges: Sequence[datetime], *, now: datetime) -> list[Point]:
    """What an objective attained between neighbouring edges; *provisional* beyond where its windows end by now."""
    [subject] = subjects_for([slo])
    until = last_edge(slo, subject, now=now, watermark=ingest_watermark(now=now))
    [book] = read_books([ask_between(slo, subject, edges)])
    return [_point(part, settled=part.end.timestamp() <= until) for part in counts_between(slo, book, edges)]


def _point(part: Counts, *, settled: bool) -> Point:
    if not part.valid:
        return Point(part.start, None, 0, None, None, "no_data")
    return Point(part.start, part.good / part.valid, round(part.valid), None, None, "ok" if settled else "provisional")


def contributions(slo: SLO, *, now: datetime) -> list[Contribution]:
    """The greatest spender first; empty where it is no composite."""
    [subject] = subjects_for([slo])
    ask = ask_status(slo, subject, now=now, watermark=ingest_watermark(now=now))
    [book] = read_books([ask])
    if not isinstance(book, Composed):
        return []
    end = int(ask.edges[-1])
    bad, valid = book.parts(np.array(budget_start(slo, end)), np.array(end))
    added, shares = book.how.contributions(bad, valid), book.how.parts_of(valid)
    rows = zip(slo.parts or (), bad.tolist(), valid.tolist(), shares.tolist(), added.tolist(), strict=True)
    found = [
        Contribution(part, of - wrong, of, share, more, more / allowance(slo.target))
        for part, wrong, of, share, more in rows
    ]
    return sorted(found, key=lambda one: (-one.spent, one.component.slo.name))
