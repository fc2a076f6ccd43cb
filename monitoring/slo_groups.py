"""Where an objective stands in each of its groups: one promise, a budget for every version or segment, in one read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from monitoring.books import BookAsk, read_counted
from monitoring.measures import subjects_of
from monitoring.models import COMPOSITE, SLO
from monitoring.selectors.counts import Counted
from monitoring.selectors.groups import Group, read_groups
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo import SLOStatus, ask_status, is_stale, status_of
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
    the groups. Shares of slices of time do not add up, so where slices are judged there is no other.
    """
    grouped = [slo for slo in slos if slo.group_by and slo.sli != COMPOSITE]
    if not grouped:
        return {}
    watermark = ingest_watermark(now=now)
    stale = is_stale(now=now, watermark=watermark)
    subjects = subjects_of(slo.model for slo in grouped)
    groups = read_groups((slo.model_id, slo.group_by) for slo in grouped)
    asks: list[BookAsk] = []
    for slo in grouped:
        whole = ask_status(slo, subjects[slo.model_id], now=now, watermark=watermark)
        asks += [whole, *(ask_group(whole, one) for one in _named(slo, groups[slo.model_id, slo.group_by]))]
    books = iter(read_counted(asks))
    found: dict[int, list[GroupStatus]] = {}
    for slo in grouped:
        whole_book = next(books)
        named = _named(slo, groups[slo.model_id, slo.group_by])
        mine = [(group, next(books)) for group in named]
        if not slo.sliced:
            mine.append((Group(f"{slo.group_by}={OTHER}", OTHER), _less(whole_book, [book for _, book in mine])))
        told = [GroupStatus(group, status_of(slo, book, stale=stale)) for group, book in mine]
        found[slo.pk] = sorted((one for one in told if one.status.valid), key=_badness)
    return found


def ask_group(whole: BookAsk, group: Group) -> BookAsk:
    """The same book of one group."""
    return replace(whole, version_id=group.version_id, segment=group.segment)


def _named(slo: SLO, groups: list[Group]) -> list[Group]:
    """Without what the drain calls other, which the rest is told with; of slices it is a group like any."""
    return groups if slo.sliced else [one for one in groups if one.value != OTHER]


def _less(whole: Counted, parts: Iterable[Counted]) -> Counted:
    """At the same edges."""
    sums = whole.sums.copy()
    for part in parts:
        sums -= part.sums
    return replace(whole, sums=sums)


def _badness(one: GroupStatus) -> tuple[int, float, str]:
    left = one.status.budget_left
    return STATES.index(one.status.state), 1.0 if left is None else left, one.group.name
