"""A person as the applications know them, by user id: sessions, spend, errors, feedback, models."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import Final

from models_registry.models import Project
from monitoring.selectors.costs import Cost
from monitoring.selectors.sessions import read_figures, session_page, spend_by_day
from monitoring.selectors.wire import NANO, moment
from monitoring.stats.sessions import Figures
from panel.pages.ranges import Range
from panel.pages.session import SessionList, list_page

ROWS: Final = 25


@dataclass(frozen=True, slots=True)
class Day:
    """A whole day (UTC) on which the person called; `share` of the dearest one's cost, for a bar, 0 to 100."""

    day: date
    calls: int
    cost_usd: float | None
    share: int


@dataclass(frozen=True, slots=True)
class PersonPage:
    """`figures` are of the newest 1,000 events of the range (None where it has none), `days` are exact."""

    id: str
    figures: Figures | None
    last: datetime
    days: list[Day]
    calls: int
    cost_usd: float | None
    unpriced: int
    sessions: SessionList


def build_person_page(
    project: Project, user_id: str, span: Range, *, now: datetime, cursor: str | None
) -> PersonPage | None:
    """The page of a user id; None where nothing stored has it, whenever."""
    start = now - span.length
    figures = read_figures(project, "user_id", user_id, start=start)
    known = figures or read_figures(project, "user_id", user_id)
    if known is None:
        return None
    days = spend_by_day(project, user_id, start=start, end=now)
    whole = reduce(add, (cost for _day, cost in days), Cost())
    page = session_page(project, start=start, end=None, user_id=user_id, limit=ROWS, cursor=cursor)
    return PersonPage(
        id=user_id,
        figures=figures,
        last=moment(known.last_us),
        days=_days(days),
        calls=whole.calls,
        cost_usd=_usd(whole),
        unpriced=whole.calls - whole.costed,
        sessions=list_page(page, {"range": span.key}, paged=cursor is not None),
    )


def _usd(cost: Cost) -> float | None:
    return cost.nano / NANO if cost.costed else None


def _days(days: list[tuple[datetime, Cost]]) -> list[Day]:
    """Newest first."""
    dearest = max((cost.nano for _day, cost in days), default=0) or 1
    return [Day(day.date(), cost.calls, _usd(cost), round(100 * cost.nano / dearest)) for day, cost in reversed(days)]
