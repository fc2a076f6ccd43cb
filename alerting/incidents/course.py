"""What happens to an incident: opened, joined, escalated, acknowledged, silenced, commented, resolved.

Every verb writes the change, its line in the timeline and its messages in one transaction. Repeating a verb changes
nothing; a move that makes no sense raises `Refused` with a sentence that names the mend. What else people do is in
`alerting.incidents.moves`.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from alerting.errors import Refused
from alerting.incidents.hold import begin, change, copied, hold, record_event, under_way
from alerting.labels.identity import group_key
from alerting.labels.matchers import Op, matcher
from alerting.models import Incident, IncidentEvent, Notification, Severity, Silence, incident_policy
from alerting.mutes.in_force import group_labels
from alerting.mutes.silences import MAX_HOURS, create_silence
from alerting.notify.enqueue import enqueue
from alerting.states import lifecycle
from alerting.states.lifecycle import Move
from models_registry.models import Model, Project, User

MAX_TITLE = 300
ANYTHING = matcher("alertname", Op.REGEX, ".+")
State, Kind = Incident.State, IncidentEvent.Kind


def find_open(project_id: int, key: str) -> Incident | None:
    """The incident of a group that is under way, locked until the transaction ends: its own, or the one it was merged into."""
    rows = Incident.objects.select_for_update(no_key=True).filter(project=project_id)
    own = rows.filter(group_key=key, state__in=lifecycle.UNDER_WAY).first()
    return own or rows.filter(pk=_merged_into(project_id, key), state__in=lifecycle.UNDER_WAY).first()


def _merged_into(project_id: int, key: str) -> int:
    """Where the newest incident of the group went, if it was merged, else 0: what comes later of the group follows it."""
    newest = Incident.objects.filter(project=project_id, group_key=key).order_by("-number").first()
    return newest.merged_into_id or 0 if newest else 0


def take_turn() -> None:
    """Be the only one who opens or reopens incidents: no two take the same number, or the place of one group."""
    Project.objects.select_for_update(no_key=True).order_by("id").first()


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
    """The incident of the group that is under way; one that was resolved a moment ago, reopened; or a new one.

    Attach its alerts, then call `announce_incident` if it was opened or reopened just now.
    """
    take_turn()
    key = group_key(group)
    found = find_open(project_id, key) or _come_back(project_id, key, now=now)
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
    record_event(incident, kind=Kind.OPENED, now=now, text=incident.title)
    return incident


def _come_back(project_id: int, key: str, *, now: datetime) -> Incident | None:
    """The group's newest incident, reopened, if it was resolved within the policy's window. What people closed stays closed."""
    within = incident_policy(project_id).reopen_within
    rows = Incident.objects.select_for_update(no_key=True).filter(
        project=project_id, state=State.RESOLVED, resolved_at__gt=now - within, resolved_at__lte=now
    )
    mine = rows.filter(group_key=key).order_by("-number").first()
    found = mine or rows.filter(pk=_merged_into(project_id, key)).first()
    if found is None or find_open(project_id, found.group_key) is not None:
        return None
    reopen(found, by=None, now=now)
    return found


def reopen(current: Incident, *, by: User | None, now: datetime, why: str = "") -> None:
    """Work begins anew on an incident that is held; who answered first stays on record."""
    answered = current.answered_at or current.acknowledged_at
    change(
        current,
        state=State.OPEN,
        reopened_at=now,
        answered_at=answered,
        acknowledged_at=None,
        acknowledged_by=None,
        mitigated_at=None,
        mitigated_by=None,
        resolved_at=None,
        resolved_by=None,
        closed_at=None,
        closed_by=None,
    )
    record_event(current, kind=Kind.REOPENED, now=now, actor=by, text=why)


def announce_incident(incident: Incident, *, now: datetime) -> None:
    """Tell people that it was opened, or reopened; in the transaction that did it, once its alerts are attached."""
    again = incident.reopened_at == now
    enqueue(incident, reason=Notification.Reason.REOPENED if again else Notification.Reason.OPENED, now=now)


def update_incident(incident: Incident, *, joined: bool, now: datetime, flaps: str = "") -> None:
    """Tell that an alert joined it, or (to machines that follow every alert) that one ended while others go on.

    `flaps` is the name of what turned, where people know that it does so again and again.
    """
    enqueue(incident, reason=Notification.Reason.GREW if joined else Notification.Reason.CHANGED, now=now, flaps=flaps)


@transaction.atomic
def escalate_incident(incident: Incident, *, severity: str, title: str, now: datetime) -> bool:
    """Raise a ticket to a page, call it by what pages from now on, and tell people, snoozed or not; anything else changes nothing."""
    if severity != Severity.PAGE or incident.severity == Severity.PAGE:
        return False
    current, title = hold(incident), title[:MAX_TITLE]
    if current.severity == Severity.PAGE:  # another alert was first
        copied(incident, current)
        return False
    said = title if title != current.title else ""
    change(current, severity=Severity.PAGE, title=title, snoozed_until=None)
    copied(incident, current)
    record_event(incident, kind=Kind.ALERT, now=now, text=said, data={"severity": severity})
    enqueue(incident, reason=Notification.Reason.ESCALATED, now=now)
    return True


@transaction.atomic
def acknowledge_incident(incident: Incident, *, by: User, now: datetime, via: str = "") -> Incident:
    """Somebody is on it. Who was first stays; `Refused` once it is over. `via`: the channel whose message they did it from."""
    current, changes = begin(incident, Move.ACKNOWLEDGE)
    if changes:
        answered = current.answered_at or now
        change(current, state=State.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=by, answered_at=answered)
        record_event(current, kind=Kind.ACKNOWLEDGED, now=now, actor=by, data={"via": via} if via else None)
        enqueue(current, reason=Notification.Reason.ACKNOWLEDGED, now=now, actor=by)
    return copied(incident, current)


@transaction.atomic
def resolve_incident(incident: Incident, *, by: User | None, now: datetime) -> Incident:
    """It is over, says a person or (`by` None) the last of its alerts. Resolving twice changes nothing.

    An alert that is still firing neither reopens it nor opens a new one until it fires again.
    """
    current, changes = begin(incident, Move.RESOLVE)
    if changes:
        change(current, state=State.RESOLVED, resolved_at=now, resolved_by=by, snoozed_until=None)
        firing = current.alerts.filter(state="firing").count()
        record_event(current, kind=Kind.RESOLVED, now=now, actor=by, data={"still_firing": firing})
        enqueue(current, reason=Notification.Reason.RESOLVED, now=now, actor=by)
    return copied(incident, current)


@transaction.atomic
def silence_incident(incident: Incident, *, by: User, hours: float, comment: str = "", now: datetime) -> Silence:
    """No messages about alerts of the incident's group for some hours (at most 30 days); the incident itself stays open."""
    if not 0 < hours <= MAX_HOURS:
        raise Refused(_("A silence lasts more than 0 and at most %(hours)d hours.") % {"hours": MAX_HOURS})
    current = under_way(hold(incident))
    labels = group_labels(current)
    matchers = [matcher(name, Op.EQUAL, value) for name, value in labels.items()] or [ANYTHING]
    until = now + timedelta(hours=hours)
    silence = create_silence(
        current.project, matchers, starts_at=now, ends_at=until, owner=by, comment=comment[:300], now=now
    )
    data = {"hours": hours, "until": silence.ends_at.isoformat(), "silence": silence.pk}
    record_event(current, kind=Kind.SILENCED, now=now, actor=by, text=comment, data=data)
    return silence


def comment_incident(incident: Incident, *, by: User, text: str, now: datetime) -> IncidentEvent:
    """A note in the timeline, at any time."""
    if not text.strip():
        raise Refused(_("Write something first."))
    return record_event(incident, kind=Kind.COMMENT, now=now, actor=by, text=text.strip())
