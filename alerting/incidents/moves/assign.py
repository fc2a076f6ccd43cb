"""Whose it is."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.incidents.hold import change, copied, hold, record_event, under_way
from alerting.models import Incident, IncidentEvent, Notification
from alerting.notify.enqueue import enqueue
from models_registry.models import User


@transaction.atomic
def assign_incident(
    incident: Incident, *, to: User | None, by: User, now: datetime, seen: int | None = None
) -> Incident:
    """Give it to a person, or (None) to nobody; whoever gets it from another is told on their own channels.

    `Refused` for an account that could not work on it.
    """
    current = under_way(hold(incident))
    if current.assignee_id == (to.pk if to else None):
        return copied(incident, current)
    hold(incident, seen=seen)
    if to is not None and not (to.is_active and to.has_perm("alerting.change_incident")):
        raise Refused(
            _("%(who)s cannot work on incidents. Choose somebody of the responders, or add them to that group.")
            % {"who": to.get_username()}
        )
    change(current, assignee=to)
    data = {"to": to.get_username() if to else None, "name": _name(to) if to else None}
    record_event(current, kind=IncidentEvent.Kind.ASSIGNED, now=now, actor=by, data=data)
    if to is not None and to.pk != by.pk:
        enqueue(current, reason=Notification.Reason.ASSIGNED, now=now, actor=by)
    return copied(incident, current)


def _name(person: User) -> str:
    return person.get_short_name() or person.get_username()
