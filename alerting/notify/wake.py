"""When what kept an incident quiet ends, whoever it kept in the dark is told how things stand now, once."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from alerting.models import Incident, Notification
from alerting.mutes.in_force import Quiet, alert_labels
from alerting.notify.candidate import Candidate
from alerting.notify.decisions import MUTES
from alerting.notify.dedup import told
from alerting.notify.enqueue import enqueue_for
from alerting.notify.message import incident_message
from alerting.notify.ways import Way
from alerting.states.lifecycle import UNDER_WAY

LOOK_BACK = timedelta(days=1)
Reason = Notification.Reason
ENDS: Final = frozenset({Reason.RESOLVED, Reason.MERGED})


def wake_quiet(*, now: datetime) -> int:
    """Queue what silences, maintenance windows and inhibitions held back and nothing holds back any more; how many.

    An incident that is still open is announced, one that was resolved or merged (within a day) is closed for those who
    knew it open; an acknowledged one is in good hands.
    """
    merged = Q(reason=Reason.MERGED, created_at__gt=now - LOOK_BACK)
    lately = Q(incident__state__in=UNDER_WAY) | Q(incident__resolved_at__gt=now - LOOK_BACK) | merged
    held_back = Notification.objects.filter(lately, state=Notification.State.SUPPRESSED, decision__in=MUTES)
    # The latest row of each incident and channel says what was held back last.
    rows = held_back.select_related("incident__project", "incident__model", "channel").order_by("id")
    latest = {(row.incident_id, row.channel_id): row for row in rows}
    quiet: dict[int, Quiet] = {}
    return sum(_tell(row, quiet, now=now) for row in latest.values())


def _tell(row: Notification, quiet: dict[int, Quiet], *, now: datetime) -> bool:
    incident = row.incident
    if incident is None:  # a test message, which nothing holds back
        return False
    reason = _still_due(row, incident, now=now)
    if not reason:
        return False
    # What was merged has no alerts any more: the message held back knows which they were.
    merged = reason == Reason.MERGED
    labels = [alert["labels"] for alert in row.body["data"]["alerts"]] if merged else alert_labels(incident)
    if quiet.setdefault(incident.project_id, Quiet(incident.project_id, now=now)).mute_of_all(labels) is not None:
        return False
    body = row.body if merged else incident_message(incident, reason=reason, now=now, actor=None)
    generation = f"{reason}:after-{row.pk}"
    way = Way(row.channel, row.route_id, now, row.repeat_every)
    return enqueue_for(Candidate(incident, row.channel, reason, now), way, body=body, generation=generation) is not None


def _still_due(row: Notification, incident: Incident, *, now: datetime) -> str:
    """The reason to write now, or nothing when the channel already knows how things stand."""
    last = told(Candidate(incident, row.channel, row.reason, now)).order_by("-id").first()
    if incident.state == Incident.State.MERGED:
        return Reason.MERGED if row.reason == Reason.MERGED and last and last.reason not in ENDS else ""
    if incident.is_over:
        return Reason.RESOLVED if last and last.reason != Reason.RESOLVED else ""
    if incident.in_hand or incident.snoozed_at(now):
        return ""
    if last is None:
        return Reason.OPENED
    if last.reason == Reason.RESOLVED:
        return Reason.REOPENED
    return Reason.ESCALATED if row.reason == Reason.ESCALATED and last.id < row.id else ""
