"""Leave it alone until a moment; then it comes back by itself."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.incidents.hold import change, copied, hold, record_event, under_way
from alerting.models import Incident, IncidentEvent, Notification
from alerting.notify.decisions import SNOOZED
from alerting.notify.enqueue import enqueue
from alerting.states.lifecycle import UNDER_WAY
from lib.stage import Summary
from models_registry.models import User

LONGEST: Final = timedelta(days=30)
Kind, State = IncidentEvent.Kind, Notification.State


@transaction.atomic
def snooze_incident(
    incident: Incident, *, until: datetime, by: User, now: datetime, why: str = "", seen: int | None = None
) -> Incident:
    """No reminders and no next escalation step until then, at most 30 days away. What becomes worse is told all the same."""
    current = under_way(hold(incident))
    if not now < until <= now + LONGEST:
        raise Refused(_("A snooze ends later than now and at most 30 days from now."))
    if current.snoozed_until == until:
        return copied(incident, current)
    hold(incident, seen=seen)
    change(current, snoozed_until=until)
    data = {"until": until.isoformat(), "shown": f"{localtime(until):%Y-%m-%d %H:%M}"}
    record_event(current, kind=Kind.SNOOZED, now=now, actor=by, text=why.strip(), data=data)
    return copied(incident, current)


@transaction.atomic
def wake_incident(incident: Incident, *, by: User | None, now: datetime) -> Incident:
    """End the snooze, says a person or (`by` None) its time; whoever is concerned hears that it is still there."""
    current = under_way(hold(incident))
    if current.snoozed_until is None:
        return copied(incident, current)
    change(current, snoozed_until=None)
    record_event(current, kind=Kind.AWOKE, now=now, actor=by)
    put_off = Notification.objects.filter(incident=current, state=State.QUEUED, decision=SNOOZED)
    put_off.update(due_at=now)
    if by is None:
        enqueue(current, reason=Notification.Reason.AWOKE, now=now)
    return copied(incident, current)


def wake_snoozed(*, now: datetime) -> Summary:
    """Stage: end the snoozes whose time has come."""
    due = list(Incident.objects.filter(snoozed_until__lte=now, state__in=UNDER_WAY).order_by("snoozed_until", "pk"))
    return Summary(seen=len(due), written=sum(_wake(incident, now=now) for incident in due))


@transaction.atomic
def _wake(incident: Incident, *, now: datetime) -> bool:
    """Unless somebody ended or prolonged it meanwhile."""
    current = hold(incident)
    if current.is_over or current.snoozed_until is None or current.snoozed_at(now):
        return False
    wake_incident(current, by=None, now=now)
    return True
