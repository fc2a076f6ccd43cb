"""Where an objective stands in each of its groups: one promise, a budget for every version or segment, in one read.

A group of a composite is made of the books of its components, each of that group alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from monitoring.models import SLO
from monitoring.selectors.counts import Book
from monitoring.selectors.groups import Group, read_groups
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import BookAsk, budget_start, read_books
from monitoring.slo.composites import adds_up, counted_models, subjects_for
from monitoring.slo.status import SLOStatus, ask_status, is_stale, status_of
from monitoring.stats.segments import OTHER

STATES: Final = ("exhausted", "burning", "stale", "ok", "no_data")


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """How one group stands. Of events that are in none of the groups told, `group` is `(other)`."""

    group: Group
    status: SLOStatus


def group_statuses(slos: Iterable[SLO], *, now: datetime) -> dict[int, list[GroupStatus]]:
    """By id, of those that are grouped, the worst first: as many queries for any number as for one (load `model` with them).

    At most fifty groups each; what is beyond them, or was before the key was declared, is in `(other)`, the whole less
    the groups. Shares of slices of time do not add up (`adds_up`), so where slices are judged there is no other.
    """
    grouped = [slo for slo in slos if slo.group_by]
    if not grouped:
        return {}
    watermark = ingest_watermark(now=now)
    stale = is_stale(now=now, watermark=watermark)
    subjects = subjects_for(grouped)
    groups = read_groups((counted_models(slo), slo.group_by) for slo in grouped)
    told = [_named(slo, groups[counted_models(slo), slo.group_by]) for slo in grouped]
    asks: list[BookAsk] = []
    for slo, subject, mine in zip(grouped, subjects, told, strict=True):
        whole = ask_status(slo, subject, now=now, watermark=watermark)
        asks += [whole, *(ask_group(whole, one) for one in mine)]
    books = iter(read_books(asks))
    found: dict[int, list[GroupStatus]] = {}
    for slo, mine in zip(grouped, told, strict=True):
        whole_book, *parts = [next(books) for _ask in range(1 + len(mine))]
        pairs = list(zip(mine, parts, strict=True))
        if adds_up(slo):
            pairs.append((Group(f"{slo.group_by}={OTHER}", OTHER), whole_book.less(parts)))
        here = [GroupStatus(group, status_of(slo, book, stale=stale)) for group, book in pairs if _came(slo, book)]
        found[slo.pk] = sorted(here, key=_badness)
    return found


def ask_group(whole: BookAsk, group: Group) -> BookAsk:
    """The same book of one group."""
    return replace(whole, version_id=group.version_id, segment=group.segment)


def _named(slo: SLO, groups: list[Group]) -> list[Group]:
    """Without what the drain calls other, which the rest is told with; of slices it is a group like any."""
    return [one for one in groups if one.value != OTHER] if adds_up(slo) else groups


def _came(slo: SLO, book: Book) -> bool:
    """Whether anything did, be it too little to tell how the group stands."""
    end = int(book.edges[-1])
    return bool(book.ending(np.array([budget_start(slo, end)]), np.array([end])).came[0])


def _badness(one: GroupStatus) -> tuple[int, float, str]:
    left = one.status.budget_left
    return STATES.index(one.status.state), 1.0 if left is None else left, one.group.name
