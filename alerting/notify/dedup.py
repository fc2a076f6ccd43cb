"""Who never heard of the beginning need not hear of the end."""

from django.db.models import QuerySet

from alerting.models import Channel, Incident, Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import NOTHING_SENT

State, Reason = Notification.State, Notification.Reason


def told(incident: Incident, channel: Channel) -> QuerySet[Notification]:
    """What this channel heard, or is about to hear, of the incident."""
    return Notification.objects.filter(
        incident=incident, channel=channel, state__in=[State.QUEUED, State.SENDING, State.SENT]
    )


def check(candidate: Candidate) -> Facts | None:
    """A resolution follows only a message that was not itself held back or lost."""
    if candidate.reason != Reason.RESOLVED:
        return None
    began = told(candidate.incident, candidate.channel).filter(reason__in=[Reason.OPENED, Reason.ESCALATED])
    return None if began.exists() else {"code": NOTHING_SENT}
