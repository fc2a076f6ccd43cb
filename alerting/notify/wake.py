"""When a silence ends, whoever it kept in the dark is told how things stand now, once."""

from datetime import datetime, timedelta

from alerting.models import Incident, Notification, Silence
from alerting.notify.candidate import Candidate
from alerting.notify.decisions import SILENCED
from alerting.notify.dedup import told
from alerting.notify.enqueue import enqueue_for
from alerting.notify.message import incident_message

LOOK_BACK = timedelta(days=1)
Reason = Notification.Reason


def wake_silenced(*, now: datetime) -> int:
    """Queue what the silences that ended in the last day held back and still matters; returns how many.

    An incident that is still open is announced, one that was resolved is closed for those who knew it open; an
    acknowledged one is in good hands.
    """
    ended = {silence.pk: silence for silence in Silence.objects.filter(ends_at__lte=now, ends_at__gt=now - LOOK_BACK)}
    if not ended:
        return 0
    earliest = min(silence.starts_at for silence in ended.values())
    held_back = Notification.objects.filter(
        state=Notification.State.SUPPRESSED, decision=SILENCED, created_at__gte=earliest
    ).select_related("incident__project", "incident__model", "channel")
    # The latest row of each incident and channel says what was held back last.
    latest = {(row.incident_id, row.channel_id): row for row in held_back.order_by("id")}
    return sum(_tell(row, now=now) for row in latest.values() if row.body.get("decision", {}).get("silence") in ended)


def _tell(row: Notification, *, now: datetime) -> bool:
    incident = row.incident
    if incident is None:  # a test message, which nothing holds back
        return False
    reason = _still_due(row, incident)
    if not reason:
        return False
    body = incident_message(incident, reason=reason, now=now, actor=None)
    generation = f"{reason}:silence-{row.body['decision']['silence']}"
    return enqueue_for(Candidate(incident, row.channel, reason, now), body=body, generation=generation) is not None


def _still_due(row: Notification, incident: Incident) -> str:
    """The reason to write now, or nothing when the channel already knows how things stand."""
    last = told(incident, row.channel).order_by("-id").first()
    if incident.state == Incident.State.RESOLVED:
        return Reason.RESOLVED if last and last.reason != Reason.RESOLVED else ""
    if incident.state == Incident.State.ACKNOWLEDGED:
        return ""
    if last is None:
        return Reason.OPENED
    return Reason.ESCALATED if row.reason == Reason.ESCALATED and last.id < row.id else ""
