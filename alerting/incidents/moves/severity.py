"""How bad it is, says a person."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.incidents.hold import change, copied, hold, record_event, under_way
from alerting.models import Incident, IncidentEvent, Notification, Severity
from alerting.notify.enqueue import enqueue
from models_registry.models import User


@transaction.atomic
def change_severity(
    incident: Incident, *, severity: str, by: User, now: datetime, why: str = "", seen: int | None = None
) -> Incident:
    """Raise it, which tells people anew and ends a snooze, or lower it. An alert that fires anew as a page raises it again."""
    if severity not in Severity.values:
        raise Refused(_("Choose one of: %(values)s.") % {"values": ", ".join(Severity.values)})
    current = under_way(hold(incident))
    if current.severity == severity:
        return copied(incident, current)
    hold(incident, seen=seen)
    raised, before = severity == Severity.PAGE, current.severity
    change(current, severity=severity, snoozed_until=None if raised else current.snoozed_until)
    data = {"from": before, "severity": severity}
    record_event(current, kind=IncidentEvent.Kind.SEVERITY, now=now, actor=by, text=why.strip(), data=data)
    if raised:
        enqueue(current, reason=Notification.Reason.ESCALATED, now=now, actor=by)
    return copied(incident, current)
