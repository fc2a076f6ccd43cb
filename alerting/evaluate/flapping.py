"""Alerts that begin and end again and again: marked, told once, and holding their incident open until they settle."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from alerting.incidents.hold import record_event
from alerting.models import Alert, AlertRule, AlertTransition, Incident, IncidentEvent, Notification, incident_policy
from alerting.notify.enqueue import enqueue
from alerting.states.flap_detection import flap_window, flaps, recent
from alerting.states.machine import State

MOST_TURNS: Final = 100


def note_turns(rule: AlertRule, alert: Alert, changes: Sequence[AlertTransition], *, at: datetime) -> bool:
    """Remember when it began and ended to fire; whether it flaps from now on."""
    turned = sum((one.from_state == State.FIRING) != (one.to_state == State.FIRING) for one in changes)
    if not turned:
        return False
    moment, window = at.timestamp(), flap_window(rule.interval)
    alert.turns = [*recent(alert.turns, at=moment, window=window), *[moment] * turned][-MOST_TURNS:]
    begins = alert.flapping_since is None and flaps(False, alert.turns, at=moment, window=window)
    if not begins or not incident_policy(rule.project_id).hold_flapping:
        return False
    alert.flapping_since = at
    return True


def has_settled(rule: AlertRule, alert: Alert, *, at: datetime) -> bool:
    """Whether one that flapped has been nearly still."""
    return not flaps(True, alert.turns, at=at.timestamp(), window=flap_window(rule.interval))


def record_flapping(incident: Incident, alert: Alert, *, now: datetime) -> None:
    """A line in the timeline."""
    data = {"alert": alert.pk, "rule": alert.rule.slug, "turns": len(alert.turns)}
    record_event(incident, kind=IncidentEvent.Kind.FLAPPING, now=now, text=alert.rule.name, data=data)


def tell_flapping(incident: Incident, *, now: datetime) -> None:
    """The one message."""
    enqueue(incident, reason=Notification.Reason.FLAPPING, now=now)


def record_settled(incident: Incident, alert: Alert, *, now: datetime) -> None:
    """A line in the timeline."""
    data = {"alert": alert.pk, "rule": alert.rule.slug}
    record_event(incident, kind=IncidentEvent.Kind.SETTLED, now=now, text=alert.rule.name, data=data)
