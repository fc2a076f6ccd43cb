"""The list of incidents: what is under way, and what is over; or those of one state or person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerting.models import Incident
from alerting.states import lifecycle
from lib.pages import Page, keyset_page
from models_registry.models import Project, User

OVER_ROWS: Final = 25
# What was merged is a part of another incident: it is listed when somebody asks for it.
LISTED: Final = lifecycle.OVER - {lifecycle.State.MERGED}


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident with how long it has lasted, or lasted."""

    incident: Incident
    lasted: timedelta
    snoozed: bool


@dataclass(frozen=True, slots=True)
class Incidents:
    """Those under way first, those that are over by keyset below; `error` names a filter that was left out."""

    open: list[IncidentRow]
    over: list[IncidentRow]
    next_query: str
    newest_query: str
    paged: bool
    last_month: int
    given: dict[str, str]
    error: str
    states: list[tuple[str, Any]]
    export: str
    shows_open: bool
    shows_over: bool


def incidents_page(
    project: Project, query: Mapping[str, str], *, me: User | None, cursor: str | None, now: datetime
) -> Incidents:
    """The list; `lib.pages.CursorError` if the cursor is not ours."""
    given = {name: query.get(name, "").strip() for name in ("state", "mine")}
    known = given["state"] in ("", *Incident.State.values)
    state = given["state"] if known else ""
    rows = Incident.objects.filter(project=project).select_related(
        "model", "acknowledged_by", "assignee", "merged_into"
    )
    recent = rows.filter(opened_at__gte=now - timedelta(days=30)).exclude(state=Incident.State.MERGED).count()
    mine = me.username if given["mine"] and me is not None else ""
    if mine:
        rows = rows.filter(assignee=me)
    under_way, over = _asked(state)
    page: Page[Incident] = keyset_page(rows.filter(state__in=over), time="number", limit=OVER_ROWS, cursor=cursor)
    still_open = _under_way(rows.filter(state__in=under_way)) if under_way and not cursor else []
    kept = {name: value for name, value in given.items() if value}
    return Incidents(
        open=[_row(incident, now) for incident in still_open],
        over=[_row(incident, now) for incident in page.items],
        next_query=urlencode({**kept, "cursor": page.next}) if page.next else "",
        newest_query=urlencode(kept),
        paged=bool(cursor),
        last_month=recent,
        given=given,
        export=urlencode({name: value for name, value in (("state", state), ("assignee", mine)) if value}),
        error="" if known else _("There is no such state. These are all of them."),
        states=list(Incident.State.choices),
        shows_open=bool(under_way) and not cursor,
        shows_over=bool(over),
    )


def _asked(state: str) -> tuple[frozenset[str], frozenset[str]]:
    """The states that are under way and those that are over, of the one asked for or of all."""
    if not state:
        return frozenset(lifecycle.UNDER_WAY), frozenset(LISTED)
    one = frozenset({state})
    return one & lifecycle.UNDER_WAY, one & lifecycle.OVER


def _under_way(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    return rows.order_by("severity", "-number")


def _row(incident: Incident, now: datetime) -> IncidentRow:
    lasted = (incident.resolved_at or now) - incident.impact_started_at
    return IncidentRow(incident, lasted, incident.snoozed_at(now))
