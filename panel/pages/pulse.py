"""What moves a page: a new minute of data, an incident, a transition, a message of the pipeline."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from alerting.models import AlertTransition, Incident, IncidentEvent
from alerting.states.lifecycle import UNDER_WAY
from models_registry.models import Project
from monitoring.selectors.event_filters import DEFAULT_RANGE
from monitoring.selectors.events import newest_line
from monitoring.selectors.watermark import ingest_watermark


@dataclass(frozen=True, slots=True)
class Pulse:
    """Equal pulses mean an unchanged page."""

    minute: str
    incidents: int
    last_event: int
    last_transition: int


def pulse_of(project: Project, *, now: datetime) -> Pulse:
    """Four indexed look-ups."""
    events = IncidentEvent.objects.filter(incident__project=project).aggregate(last=Max("id"))
    transitions = AlertTransition.objects.filter(alert__rule__project=project).aggregate(last=Max("id"))
    return Pulse(
        f"{ingest_watermark(now=now):%Y-%m-%dT%H:%M}",
        Incident.objects.filter(project=project).filter(state__in=UNDER_WAY).count(),
        events["last"] or 0,
        transitions["last"] or 0,
    )


def pulse_of_logs(project: Project, *, now: datetime) -> int:
    """The newest log line of the last day; 0 where there is none."""
    return newest_line(project, since=now - DEFAULT_RANGE) or 0
