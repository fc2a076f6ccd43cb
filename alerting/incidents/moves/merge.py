"""Two incidents that are one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.incidents.course import escalate_incident, update_incident
from alerting.incidents.hold import begin, change, copied, hold, record_event, under_way
from alerting.models import Alert, Incident, IncidentEvent, Notification
from alerting.notify.enqueue import enqueue
from alerting.states.lifecycle import Move
from models_registry.models import User


@transaction.atomic
def merge_incident(incident: Incident, *, into: Incident, by: User, now: datetime, seen: int | None = None) -> Incident:
    """Move its alerts into another that is under way; both timelines say so, and later alerts of its group follow.

    The other takes the earlier start of the impact and the worse severity. What happened before stays where it happened
    and is shown in both.
    """
    if incident.pk == into.pk:
        raise Refused(_("An incident cannot be merged into itself. Name another one."))
    if incident.project_id != into.project_id:
        raise Refused(_("%(into)s belongs to another project. Name one of the same project.") % {"into": into})
    # Alerts before incidents, as evaluators lock them; of two incidents the older first, so that nobody waits in a ring.
    list(Alert.objects.select_for_update(of=("self",)).filter(incident=incident).order_by("id"))
    for one in sorted((incident, into), key=lambda one: one.pk):
        hold(one)
    current, _changes = begin(incident, Move.MERGE, seen=seen)
    target = under_way(hold(into))
    _move(current, target, by=by, now=now)
    copied(into, target)
    return copied(incident, current)


def _move(current: Incident, target: Incident, *, by: User, now: datetime) -> None:
    fires = Alert.objects.filter(incident=current, state=Alert.State.FIRING).exists()
    current.merged.update(merged_into=target)
    change(current, state=Incident.State.MERGED, merged_into=target, snoozed_until=None)
    # Told while the alerts are still there: the message names those that leave, and leaves before the one that they have joined.
    enqueue(current, reason=Notification.Reason.MERGED, now=now, actor=by)
    moved = Alert.objects.filter(incident=current).update(incident=target)
    began = min(current.impact_started_at, target.impact_started_at)
    change(target, impact_started_at=began)
    told = {"alerts": moved, "from": str(current), "into": str(target)}
    for one in (current, target):
        record_event(one, kind=IncidentEvent.Kind.MERGED, now=now, actor=by, data=told)
    raised = escalate_incident(target, severity=current.severity, title=current.title, now=now)
    if fires and not raised:
        update_incident(target, joined=True, now=now)
