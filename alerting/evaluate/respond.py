"""Turn a judgement into transitions, incidents and messages: all of what follows from one, or nothing."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from alerting.evaluate.flapping import note_turns, record_flapping, tell_flapping
from alerting.evaluate.impact import impact_start
from alerting.evaluate.plan import plan_of
from alerting.evaluate.slots import gap_before, was_put_back
from alerting.incidents.course import (
    announce_incident,
    escalate_incident,
    open_incident,
    resolve_incident,
    update_incident,
)
from alerting.incidents.hold import hold
from alerting.kinds.base import Judgement, rule_model
from alerting.labels.identity import group_of
from alerting.models import Alert, AlertRule, AlertTransition, Incident, Severity, incident_policy
from alerting.states.lifecycle import UNDER_WAY
from alerting.states.machine import ACTIVE, Memory, Seen, State, advance, missed, put_back, signal
from alerting.wording import describe_value, incident_title
from models_registry.models import Model
from monitoring.stats.tally import Subject

MEMORY: Final = ("state", "active_since", "keep_since", "fired_at", "resolved_at", "blind_since")
MAX_REASON: Final = 300


def respond(rule: AlertRule, alert: Alert, seen: Judgement, subject: Subject, *, at: datetime) -> None:
    """Advance the alert and do what follows from it; an alert that stays as it was costs nothing."""
    trail = _trail(rule, alert, seen.seen, at=at)
    if not trail and alert.state not in ACTIVE:
        return
    shown = (seen.value, (seen.reason or describe_value(rule, seen.value))[:MAX_REASON])
    changed = shown != (alert.value, alert.reason)
    alert.value, alert.reason = shown
    if trail or _new_severity(alert, seen):
        _move(rule, alert, seen, subject, trail, at=at)
    elif changed:
        Alert.objects.filter(pk=alert.pk).update(value=alert.value, reason=alert.reason)


@transaction.atomic
def _move(
    rule: AlertRule, alert: Alert, seen: Judgement, subject: Subject, trail: list[Memory], *, at: datetime
) -> None:
    changes = _follow(alert, trail, at=at)
    if rule.kind == AlertRule.Kind.EXTERNAL:
        _without_cause_of_end(changes)
    fired = any(change.to_state == State.FIRING for change in changes)
    flaps = note_turns(rule, alert, changes, at=at)
    raised = _take_severity(alert, seen, changes, at=at)
    if fired or raised:
        alert.incident = _incident_for(rule, alert, seen, subject, at=at)
    alert.save()
    _write(changes, alert)
    if flaps and alert.incident is not None and _is_open(alert.incident):
        record_flapping(alert.incident, alert, now=at)
    if fired or raised:
        _tell(rule, alert, joined=fired, flaps=flaps, at=at)
    elif changes and alert.state == State.INACTIVE:
        resolve_if_quiet(alert, at=at)
        if flaps and alert.incident is not None and _is_open(alert.incident):
            tell_flapping(alert.incident, now=at)


def close_orphans(switched_off: list[AlertRule], *, now: datetime) -> int:
    """End the alerts of these rules, which were switched off, and incidents whose every rule was deleted; how many of both.

    Nobody would ever say that they are over, and an open incident swallows the next one of its model.
    """
    orphans = Alert.objects.filter(rule__in=switched_off).exclude(state=State.INACTIVE)
    found = list(orphans.values_list("pk", flat=True)) if switched_off else []
    # What a person reopened has no alerts of its own until one fires: people end it.
    abandoned = Incident.objects.filter(state__in=UNDER_WAY, alerts=None, reopened_at=None)
    return sum(_close(pk, now=now) for pk in found) + sum(_abandon(incident, now=now) for incident in abandoned)


@transaction.atomic
def _abandon(incident: Incident, *, now: datetime) -> bool:
    if hold(incident).is_over:  # merged or resolved meanwhile
        return False
    resolve_incident(incident, by=None, now=now)
    return True


@transaction.atomic
def _close(pk: int, *, now: datetime) -> bool:
    alert = Alert.objects.select_for_update(of=("self",)).select_related("incident", "rule").get(pk=pk)
    if alert.state == State.INACTIVE:
        return False
    alert.reason = _("The rule was switched off.")
    alert.flapping_since = None
    changes = _follow(alert, [Memory(State.INACTIVE, fired_at=alert.fired_at, resolved_at=now)], at=now)
    alert.save()
    _write(changes, alert)
    resolve_if_quiet(alert, at=now)
    return True


def _trail(rule: AlertRule, alert: Alert, seen: Seen, *, at: datetime) -> list[Memory]:
    """The states it goes through; clocks stood still while nobody looked."""
    before, plan = _memory(alert), plan_of(rule)
    memory = missed(before, gap_before(rule, at))
    if was_put_back(at, rule.last_slot):
        memory = put_back(memory, at)
    if alert.signal == Alert.Signal.BREACH:
        trail = advance(memory, seen, at=at, plan=plan)
    else:
        trail = signal(memory, Seen(alert.signal), seen, at=at, plan=plan)
    return trail if trail or memory == before else [memory]


def _memory(alert: Alert) -> Memory:
    return Memory(
        State(alert.state),
        alert.active_since,
        alert.keep_since,
        alert.fired_at,
        alert.resolved_at,
        alert.blind_since,
    )


def _follow(alert: Alert, trail: list[Memory], *, at: datetime) -> list[AlertTransition]:
    """Copy what the machine remembers onto the alert; one unsaved transition for every change of state."""
    changes = []
    for memory in trail:
        if memory.state != alert.state:
            changes.append(_transition(alert, to=memory.state, at=at))
            alert.changed_at = at
        for name in MEMORY:
            setattr(alert, name, getattr(memory, name))
    return changes


def _without_cause_of_end(changes: list[AlertTransition]) -> None:
    """What another program says of its alert is what is wrong, and no reason why it is over."""
    for change in changes:
        if change.to_state == State.INACTIVE:
            change.reason = ""


def _transition(alert: Alert, *, to: str, at: datetime, reason: str = "") -> AlertTransition:
    return AlertTransition(
        alert=alert, from_state=alert.state, to_state=to, at=at, value=alert.value, reason=reason or alert.reason
    )


def _take_severity(alert: Alert, seen: Judgement, changes: list[AlertTransition], *, at: datetime) -> bool:
    """The severity of what breaches now; a change while firing is a transition too. True when it was raised to a page."""
    if not _new_severity(alert, seen):
        return False
    before, alert.severity = alert.severity, seen.severity
    if alert.state != State.FIRING or changes:
        return False
    changes.append(_transition(alert, to=alert.state, at=at, reason=f"{before} → {seen.severity}"))
    return seen.severity == Severity.PAGE


def _new_severity(alert: Alert, seen: Judgement) -> bool:
    is_breach = seen.seen == Seen.BREACHED and alert.signal == Alert.Signal.BREACH
    return is_breach and seen.severity != alert.severity


def _write(changes: list[AlertTransition], alert: Alert) -> None:
    """Transitions belong to the incident while it is open, and to the one they end."""
    for change in changes:
        ends_it = change.from_state == State.FIRING
        change.incident = alert.incident if ends_it or _is_open(alert.incident) else None
    if changes:
        AlertTransition.objects.bulk_create(changes)


def _is_open(incident: Incident | None) -> bool:
    return incident is not None and not incident.is_over


def _incident_for(rule: AlertRule, alert: Alert, seen: Judgement, subject: Subject, *, at: datetime) -> Incident:
    """The open incident of its group, or a new one; what led to it joins its timeline."""
    incident = open_incident(
        project_id=rule.project_id,
        model=_model_of(rule, alert),
        group=group_of(alert.wire_labels, _grouping(rule)),
        title=alert.annotations.get("summary") or incident_title(rule, alert.signal),
        severity=alert.severity,
        impact_started_at=impact_start(
            rule, subject, seen, active_since=alert.starts_at or alert.active_since or at, at=at
        ),
        now=at,
    )
    earlier = AlertTransition.objects.filter(alert=alert, incident=None, at__gte=alert.active_since or at)
    earlier.update(incident=incident)
    return incident


def _model_of(rule: AlertRule, alert: Alert) -> Model | None:
    """The rule's; of an alert of another program, the one that its label names."""
    if rule.kind != AlertRule.Kind.EXTERNAL:
        return rule_model(rule)
    return Model.objects.filter(project=rule.project_id, slug=alert.labels.get("model", "")).first()


def _grouping(rule: AlertRule) -> list[str]:
    """The labels that its alerts share with others of their incident."""
    named: list[str] | None = rule.incident_labels
    return incident_policy(rule.project_id).labels if named is None else named


def _tell(rule: AlertRule, alert: Alert, *, joined: bool, flaps: bool, at: datetime) -> None:
    """Once per incident that it opened or reopened, when it joined one, when it began to flap, and again when it became a page."""
    if alert.incident is None:
        return
    opened = at in (alert.incident.opened_at, alert.incident.reopened_at)
    if opened:
        announce_incident(alert.incident, now=at)
    raised = escalate_incident(
        alert.incident, severity=alert.severity, title=incident_title(rule, alert.signal), now=at
    )
    if not joined or opened or raised:
        return
    if flaps:
        tell_flapping(alert.incident, now=at)
    else:
        update_incident(alert.incident, joined=True, now=at, flaps=rule.name if alert.flapping_since else "")


def resolve_if_quiet(alert: Alert, *, at: datetime) -> None:
    """The incident ends with the last of its alerts; one that flaps is not over when it is quiet for a moment."""
    incident = alert.incident
    if incident is None or not _is_open(
        hold(incident)
    ):  # held, so that no alert joins between the question and the end
        return
    still = Q(state__in=ACTIVE) | Q(flapping_since__isnull=False)
    if Alert.objects.filter(still, incident=incident).exists():
        update_incident(incident, joined=False, now=at)
    else:
        resolve_incident(incident, by=None, now=at)
