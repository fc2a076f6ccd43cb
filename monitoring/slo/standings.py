"""Where objectives stand and what their windows hold, in one read: for programs that judge by these figures themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from monitoring.models import SLO
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import edges_for, read_books, starts_of
from monitoring.slo.composites import subjects_for
from monitoring.slo.status import Counts, SLOStatus, ask_status, is_stale, last_edge, status_of
from monitoring.stats.tiers import Integers


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of an objective, and good and valid of each window that was asked for, by its length in seconds."""

    slo: SLO
    status: SLOStatus
    windows: Mapping[int, Counts]


def standings(spans_s: Mapping[SLO, list[int]], *, now: datetime) -> list[Standing]:
    """In the order given, with windows of these lengths in seconds: as many queries for any number of objectives as for one."""
    watermark = ingest_watermark(now=now)
    stale = is_stale(now=now, watermark=watermark)
    asks = []
    for (slo, spans), subject in zip(spans_s.items(), subjects_for(spans_s), strict=True):
        end = last_edge(slo, subject, now=now, watermark=watermark)
        ask = ask_status(slo, subject, now=now, watermark=watermark)
        asks.append(replace(ask, edges=_joined(ask.edges, edges_for(slo, np.array([end]), spans))))
    read = zip(spans_s.items(), read_books(asks), strict=True)
    found = []
    for (slo, spans), book in read:
        end = int(book.edges[-1])
        starts = starts_of(slo, np.array(end), np.array(spans))
        good, valid = (side.tolist() for side in book.ending(starts, np.full_like(starts, end))[:2])
        windows = {
            span: Counts(good[at], valid[at], _moment(starts[at]), _moment(end)) for at, span in enumerate(spans)
        }
        found.append(Standing(slo, status_of(slo, book, stale=stale), windows))
    return found


def _joined(*edges: Integers) -> Integers:
    return np.unique(np.concatenate(edges))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(float(at), tz=UTC)
