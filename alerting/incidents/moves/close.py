"""Nothing is left to do or to learn."""

from datetime import datetime

from django.db import transaction

from alerting.incidents.hold import begin, change, copied, record_event
from alerting.models import Incident, IncidentEvent
from alerting.states.lifecycle import Move
from models_registry.models import User


@transaction.atomic
def close_incident(incident: Incident, *, by: User, now: datetime, why: str = "") -> Incident:
    """Close what is resolved. Nobody is told: everybody heard that it is over. Whether its review is done, runbooks know."""
    current, changes = begin(incident, Move.CLOSE)
    if changes:
        change(current, state=Incident.State.CLOSED, closed_at=now, closed_by=by)
        record_event(current, kind=IncidentEvent.Kind.CLOSED, now=now, actor=by, text=why.strip())
    return copied(incident, current)
