"""Who never heard of the beginning need not hear of the end, and nobody is told twice of one state of things."""

from datetime import datetime

from django.db.models import Q, QuerySet

from alerting.models import Incident, Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import ALREADY_TOLD, NOTHING_SENT, SNOOZED

State, Reason = Notification.State, Notification.Reason
FOLLOWS = frozenset({Reason.RESOLVED, Reason.ACKNOWLEDGED, Reason.MITIGATED, Reason.CHANGED, Reason.MERGED})


def told(candidate: Candidate) -> QuerySet[Notification]:
    """What this channel heard, or is about to hear, of the incident."""
    heard = Notification.objects.filter(under_way(candidate.now), channel=candidate.channel)
    return heard.filter(incident=candidate.incident)


def under_way(now: datetime) -> Q:
    """Messages that left, or are about to."""
    return Q(state__in=[State.SENDING, State.SENT]) | Q(state=State.QUEUED, due_at__lte=now)


def family(incident: Incident) -> Q:
    """Messages of the incident and of those that were merged into it: who heard of one of them hears what becomes of it."""
    return Q(incident=incident) | Q(incident__merged_into=incident)


def check(candidate: Candidate) -> Facts | None:
    """An end follows only a message that was not itself held back or lost; what waited says nothing that was said meanwhile."""
    if candidate.reason in FOLLOWS:
        return None if _knows_it_open(candidate) else {"code": NOTHING_SENT}
    if candidate.reason == Reason.AWOKE and _waits(candidate):
        return {"code": ALREADY_TOLD}
    if candidate.planned_at is None or candidate.reason == Reason.UNACKNOWLEDGED:
        return None
    since = told(candidate).filter(state=State.SENT, sent_at__gt=candidate.planned_at)
    return {"code": ALREADY_TOLD} if since.exists() else None


def _knows_it_open(candidate: Candidate) -> bool:
    """It heard of a beginning, of the incident or of one that was merged into it, and of no end since."""
    heard = Notification.objects.filter(under_way(candidate.now), family(candidate.incident), channel=candidate.channel)
    began: dict[int | None, int] = {}
    ended: dict[int | None, int] = {}
    for of, pk, state, reason in heard.order_by("id").values_list("incident", "id", "state", "reason"):
        if reason not in FOLLOWS:
            began[of] = pk
        elif state == State.SENT and reason == Reason.RESOLVED:
            ended[of] = pk
    over = ended.get(candidate.incident.pk, 0)
    return any(pk > max(over, ended.get(of, 0)) for of, pk in began.items())


def _waits(candidate: Candidate) -> bool:
    """Whether something that the snooze put off is about to be told anyway."""
    rows = Notification.objects.filter(incident=candidate.incident, channel=candidate.channel, state=State.QUEUED)
    return rows.filter(decision=SNOOZED).exists()
