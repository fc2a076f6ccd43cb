"""The next reminder, planned when a message has left."""

from datetime import datetime

from alerting.models import Notification
from alerting.notify.candidate import Candidate
from alerting.notify.decisions import MUTES
from alerting.notify.enqueue import enqueue_for
from alerting.notify.message import incident_message
from alerting.notify.ways import Way

Reason = Notification.Reason
REMINDED = frozenset(
    {
        *(Reason.OPENED, Reason.REOPENED, Reason.ESCALATED, Reason.GREW, Reason.FLAPPING),
        *(Reason.REPEATED, Reason.UNACKNOWLEDGED, Reason.AWOKE),
    }
)


def plan_reminder(row: Notification, *, now: datetime) -> None:
    """A row that falls due when its route's interval is over; by then it is asked again whether it still matters.

    One that was kept quiet on purpose is followed by another, because silences end.
    """
    if row.incident is None or row.repeat_every is None or row.reason not in REMINDED:
        return
    way = Way(row.channel, row.route_id, now + row.repeat_every, row.repeat_every)
    body = incident_message(row.incident, reason=Reason.REPEATED, now=now, actor=None)
    candidate = Candidate(row.incident, row.channel, Reason.REPEATED, now)
    enqueue_for(candidate, way, body=body, generation=f"repeat:{row.uid}")


def goes_on(row: Notification, code: str) -> bool:
    """Whether a reminder that was held back for this reason has a successor."""
    return row.reason == Reason.REPEATED and code in MUTES
