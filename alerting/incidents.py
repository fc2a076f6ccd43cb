"""What happens to an incident: opened, joined, escalated, acknowledged, silenced, commented, resolved.

Every verb writes the change, its line in the timeline and its messages in one transaction. Repeating a verb changes
nothing; a move that makes no sense raises `Refused` with a sentence that names the mend.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.identity import group_key
from alerting.matchers import Op, matcher
from alerting.models import Incident, IncidentEvent, Notification, Severity, Silence
from alerting.mutes import group_labels
from alerting.notify.enqueue import enqueue
from alerting.silences import MAX_HOURS, create_silence
from models_registry.models import Model, Project, User

MAX_TITLE = 300
ANYTHING = matcher("alertname", Op.REGEX, ".+")


def record_event(
    incident: Incident,
    *,
    kind: str,
    now: datetime,
    actor: User | None = None,
    text: str = "",
    data: dict[str, Any] | None = None,
) -> IncidentEvent:
    """Append a line to the timeline; `kind` is a value of `IncidentEvent.Kind`."""
    return IncidentEvent.objects.create(
        incident=incident, at=now, kind=kind, actor=actor, text=text, data={} if data is None else data
    )


def find_open(project_id: int, key: str) -> Incident | None:
    """The unresolved incident of a group, locked until the transaction ends."""
    rows = Incident.objects.select_for_update(no_key=True).filter(project=project_id, group_key=key)
    return rows.exclude(state=Incident.State.RESOLVED).first()


@transaction.atomic
def open_incident(
    *,
    project_id: int,
    model: Model | None,
    group: dict[str, str],
    title: str,
    severity: str,
    impact_started_at: datetime,
    now: datetime,
) -> Incident:
    """The open incident of the group, made if there is none. Attach its alerts, then call `announce_incident`."""
    # The oldest project is the mutex of the numbers: two evaluators must not take the same one.
    Project.objects.select_for_update(no_key=True).order_by("id").first()
    key = group_key(group)
    found = find_open(project_id, key)
    if found is not None:
        return found
    last: int = Incident.objects.aggregate(last=Max("number"))["last"] or 0
    incident = Incident.objects.create(
        project_id=project_id,
        number=last + 1,
        title=title[:MAX_TITLE],
        model=model,
        group_key=key,
        group_labels=group,
        severity=severity,
        impact_started_at=min(impact_started_at, now),
        opened_at=now,
    )
    record_event(incident, kind=IncidentEvent.Kind.OPENED, now=now, text=incident.title)
    return incident


def announce_incident(incident: Incident, *, now: datetime) -> None:
    """Tell people that it was opened; in the transaction that opened it, once its alerts are attached."""
    enqueue(incident, reason=Notification.Reason.OPENED, now=now)


def update_incident(incident: Incident, *, joined: bool, now: datetime) -> None:
    """Tell that an alert joined it, or (to machines that follow every alert) that one ended while others go on."""
    enqueue(incident, reason=Notification.Reason.GREW if joined else Notification.Reason.CHANGED, now=now)


@transaction.atomic
def escalate_incident(incident: Incident, *, severity: str, title: str, now: datetime) -> bool:
    """Raise a ticket to a page, call it by what pages from now on, and tell people; anything else changes nothing."""
    if severity != Severity.PAGE or incident.severity == Severity.PAGE:
        return False
    before, title = incident.title, title[:MAX_TITLE]
    incident.severity, incident.title = Severity.PAGE, title
    incident.save(update_fields=["severity", "title"])
    said = title if title != before else ""
    record_event(incident, kind=IncidentEvent.Kind.ALERT, now=now, text=said, data={"severity": severity})
    enqueue(incident, reason=Notification.Reason.ESCALATED, now=now)
    return True


@transaction.atomic
def acknowledge_incident(incident: Incident, *, by: User, now: datetime, via: str = "") -> Incident:
    """Somebody is on it. Who was first stays; `Refused` once it is resolved. `via`: the channel whose message they did it from."""
    current = _locked(incident)
    if current.state == Incident.State.RESOLVED:
        raise Refused(
            _("%(incident)s is resolved already: there is nothing left to acknowledge.") % {"incident": current}
        )
    if current.state == Incident.State.OPEN:
        current.state, current.acknowledged_at, current.acknowledged_by = Incident.State.ACKNOWLEDGED, now, by
        current.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
        record_event(
            current, kind=IncidentEvent.Kind.ACKNOWLEDGED, now=now, actor=by, data={"via": via} if via else None
        )
        enqueue(current, reason=Notification.Reason.ACKNOWLEDGED, now=now, actor=by)
    return _copied(incident, current)


@transaction.atomic
def resolve_incident(incident: Incident, *, by: User | None, now: datetime) -> Incident:
    """It is over, says a person or (`by` None) the last of its alerts. Resolving twice changes nothing.

    An alert that is still firing does not open a new incident until it fires again.
    """
    current = _locked(incident)
    if current.state != Incident.State.RESOLVED:
        current.state, current.resolved_at, current.resolved_by = Incident.State.RESOLVED, now, by
        current.save(update_fields=["state", "resolved_at", "resolved_by"])
        firing = current.alerts.filter(state="firing").count()
        record_event(current, kind=IncidentEvent.Kind.RESOLVED, now=now, actor=by, data={"still_firing": firing})
        enqueue(current, reason=Notification.Reason.RESOLVED, now=now, actor=by)
    return _copied(incident, current)


@transaction.atomic
def silence_incident(incident: Incident, *, by: User, hours: float, comment: str = "", now: datetime) -> Silence:
    """No messages about alerts of the incident's group for some hours (at most 30 days); the incident itself stays open."""
    if not 0 < hours <= MAX_HOURS:
        raise Refused(_("A silence lasts more than 0 and at most %(hours)d hours.") % {"hours": MAX_HOURS})
    current = _locked(incident)
    if current.state == Incident.State.RESOLVED:
        raise Refused(_("%(incident)s is resolved already: there is nothing left to silence.") % {"incident": current})
    labels = group_labels(current)
    matchers = [matcher(name, Op.EQUAL, value) for name, value in labels.items()] or [ANYTHING]
    until = now + timedelta(hours=hours)
    silence = create_silence(
        current.project, matchers, starts_at=now, ends_at=until, owner=by, comment=comment[:300], now=now
    )
    data = {"hours": hours, "until": silence.ends_at.isoformat(), "silence": silence.pk}
    record_event(current, kind=IncidentEvent.Kind.SILENCED, now=now, actor=by, text=comment, data=data)
    return silence


def comment_incident(incident: Incident, *, by: User, text: str, now: datetime) -> IncidentEvent:
    """A note in the timeline, at any time."""
    if not text.strip():
        raise Refused(_("Write something first."))
    return record_event(incident, kind=IncidentEvent.Kind.COMMENT, now=now, actor=by, text=text.strip())


def _locked(incident: Incident) -> Incident:
    return Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)


def _copied(incident: Incident, current: Incident) -> Incident:
    """Bring the caller's object up to date without losing what it has loaded."""
    for name in ("state", "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by"):
        setattr(incident, name, getattr(current, name))
    return incident
