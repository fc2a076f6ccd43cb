"""Write the messages of a state change into the outbox, in the transaction of the change itself."""

from datetime import datetime
from typing import Any

from django.db import transaction

from alerting.models import Channel, Incident, Notification
from alerting.notify.candidate import Candidate
from alerting.notify.decisions import NO_CHANNEL
from alerting.notify.message import incident_message
from alerting.notify.pipeline import why_not
from alerting.notify.record import record_suppressed
from lib.clock import real_now
from lib.ids import uuid7
from models_registry.models import User

State = Notification.State


@transaction.atomic
def enqueue(incident: Incident, *, reason: str, now: datetime, actor: User | None = None) -> list[Notification]:
    """One row per enabled channel of the project, at most once per generation, however often it is called.

    Call it inside the transaction that changes the incident, after its alerts are attached: the message is composed
    here. `reason` is a value of `Notification.Reason`. A decision not to send is a SUPPRESSED row and an incident event.
    """
    channels = list(Channel.objects.filter(project=incident.project_id, enabled=True))
    if not channels:
        _say_nobody_was_told(incident, reason=reason, now=now)
        return []
    body = incident_message(incident, reason=reason, now=now, actor=actor)
    generation = f"{reason}:{incident.severity}" if reason == Notification.Reason.ESCALATED else reason
    rows = [
        enqueue_for(Candidate(incident, channel, reason, now), body=body, generation=generation) for channel in channels
    ]
    return [row for row in rows if row is not None]


def enqueue_for(candidate: Candidate, *, body: dict[str, Any], generation: str) -> Notification | None:
    """The row of one channel, or None when this generation has its row already."""
    decision = why_not(candidate)
    row, made = Notification.objects.get_or_create(
        incident=candidate.incident,
        channel=candidate.channel,
        generation=generation,
        defaults={
            "uid": uuid7(),
            "reason": candidate.reason,
            "state": State.SUPPRESSED if decision else State.QUEUED,
            "decision": decision["code"] if decision else "",
            "body": {**body, "decision": decision} if decision else body,
            "created_at": candidate.now,
            # Waiting is measured in real time: a story that plays in the past is not a message that waits for days.
            "not_before": real_now(),
        },
    )
    if made and decision:
        record_suppressed(candidate.incident, decision, now=candidate.now)
    return row if made else None


def _say_nobody_was_told(incident: Incident, *, reason: str, now: datetime) -> None:
    facts = {"code": NO_CHANNEL, "reason": reason}
    if not incident.events.filter(data=facts).exists():
        record_suppressed(incident, facts, now=now)
