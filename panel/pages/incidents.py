"""The list of incidents: what is open now, and what was resolved."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from alerting.models import Incident
from lib.pages import Page, keyset_page
from models_registry.models import Project

RESOLVED_ROWS = 25


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident with how long it has lasted, or lasted."""

    incident: Incident
    lasted: timedelta


@dataclass(frozen=True, slots=True)
class Incidents:
    """Open ones first, resolved ones by keyset below."""

    open: list[IncidentRow]
    resolved: list[IncidentRow]
    next: str | None
    paged: bool
    last_month: int


def incidents_page(project: Project, *, cursor: str | None, now: datetime) -> Incidents:
    """The list; `lib.pages.CursorError` if the cursor is not ours."""
    rows = Incident.objects.filter(project=project).select_related("model", "acknowledged_by")
    resolved: Page[Incident] = keyset_page(
        rows.filter(state=Incident.State.RESOLVED), time="number", limit=RESOLVED_ROWS, cursor=cursor
    )
    still_open = rows.filter(~Q(state=Incident.State.RESOLVED)).order_by("severity", "-number")
    recent = rows.filter(opened_at__gte=now - timedelta(days=30)).count()
    return Incidents(
        open=[_row(incident, now) for incident in still_open] if not cursor else [],
        resolved=[_row(incident, now) for incident in resolved.items],
        next=resolved.next,
        paged=bool(cursor),
        last_month=recent,
    )


def _row(incident: Incident, now: datetime) -> IncidentRow:
    return IncidentRow(incident, (incident.resolved_at or now) - incident.impact_started_at)
