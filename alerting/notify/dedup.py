"""Who never heard of the beginning need not hear of the end, and nobody is told twice of one state of things."""

from django.db.models import Max, Q, QuerySet

from alerting.models import Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import ALREADY_TOLD, NOTHING_SENT, SNOOZED

State, Reason = Notification.State, Notification.Reason
FOLLOWS = frozenset({Reason.RESOLVED, Reason.ACKNOWLEDGED, Reason.MITIGATED, Reason.CHANGED, Reason.MERGED})


def told(candidate: Candidate) -> QuerySet[Notification]:
    """What this channel heard, or is about to hear, of the incident."""
    under_way = Q(state__in=[State.SENDING, State.SENT]) | Q(state=State.QUEUED, due_at__lte=candidate.now)
    return Notification.objects.filter(under_way, incident=candidate.incident, channel=candidate.channel)


def check(candidate: Candidate) -> Facts | None:
    """An end follows only a message that was not itself held back or lost; what waited says nothing that was said meanwhile."""
    if candidate.reason in FOLLOWS:
        heard = told(candidate)
        ended = heard.filter(state=State.SENT, reason=Reason.RESOLVED).aggregate(last=Max("id"))["last"] or 0
        began = heard.filter(id__gt=ended).exclude(reason__in=FOLLOWS)
        return None if began.exists() else {"code": NOTHING_SENT}
    if candidate.reason == Reason.AWOKE and _waits(candidate):
        return {"code": ALREADY_TOLD}
    if candidate.planned_at is None or candidate.reason == Reason.UNACKNOWLEDGED:
        return None
    since = told(candidate).filter(state=State.SENT, sent_at__gt=candidate.planned_at)
    return {"code": ALREADY_TOLD} if since.exists() else None


def _waits(candidate: Candidate) -> bool:
    """Whether something that the snooze put off is about to be told anyway."""
    rows = Notification.objects.filter(incident=candidate.incident, channel=candidate.channel, state=State.QUEUED)
    return rows.filter(decision=SNOOZED).exists()
