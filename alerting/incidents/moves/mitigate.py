"""The damage has stopped; the cause has not been mended."""

from datetime import datetime

from django.db import transaction

from alerting.incidents.hold import begin, change, copied, record_event
from alerting.models import Incident, IncidentEvent, Notification
from alerting.notify.enqueue import enqueue
from alerting.states.lifecycle import Move
from models_registry.models import User


@transaction.atomic
def mitigate_incident(incident: Incident, *, by: User, now: datetime, note: str = "") -> Incident:
    """Mark it mitigated; who does that has it in hand, acknowledged or not. Repeating it changes nothing."""
    current, changes = begin(incident, Move.MITIGATE)
    if changes:
        change(
            current,
            state=Incident.State.MITIGATED,
            mitigated_at=now,
            mitigated_by=by,
            acknowledged_at=current.acknowledged_at or now,
            acknowledged_by=current.acknowledged_by or by,
            answered_at=current.answered_at or now,
        )
        record_event(current, kind=IncidentEvent.Kind.MITIGATED, now=now, actor=by, text=note.strip())
        enqueue(current, reason=Notification.Reason.MITIGATED, now=now, actor=by)
    return copied(incident, current)
