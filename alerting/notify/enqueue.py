"""Write the messages of a state change into the outbox, in the transaction of the change itself.

What is to be told later (after a wait, as a reminder, when nobody acknowledges) is a row from the beginning: the outbox is
the plan, everybody can see it, and what becomes of each row is stored with its reason.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from alerting.models import Channel, Incident, Notification
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import NO_CHANNEL, POSTPONES, ROUTED_NOWHERE
from alerting.notify.episode import episode_of, in_episode
from alerting.notify.message import incident_message
from alerting.notify.pipeline import why_not
from alerting.notify.record import record_suppressed
from alerting.notify.ways import BEGINS, Way, routes_of, steps_of, ways_of
from alerting.routes.tree import Node
from lib.clock import real_now
from lib.ids import uuid7
from models_registry.models import User

State, Reason = Notification.State, Notification.Reason
# May be told more than once of one incident, each time anew.
COUNTED = frozenset(
    {
        *(Reason.GREW, Reason.FLAPPING, Reason.CHANGED, Reason.ESCALATED),
        *(Reason.ACKNOWLEDGED, Reason.MITIGATED, Reason.ASSIGNED, Reason.AWOKE),
    }
)


@transaction.atomic
def enqueue(
    incident: Incident, *, reason: str, now: datetime, actor: User | None = None, flaps: str = ""
) -> list[Notification]:
    """One row per channel that the project's routes lead to, at most once per generation, however often it is called.

    Call it inside the transaction that changes the incident, after its alerts are attached: the message is composed
    here, and again when it leaves if it had to wait. `reason` is a value of `Notification.Reason`, `flaps` what turned where
    that does so again and again. A decision not to send is a SUPPRESSED row and an incident event.
    """
    nodes = routes_of(incident)
    ways = ways_of(incident, nodes, reason=reason, now=now)
    if not ways and reason in BEGINS:
        _say_nobody_was_told(incident, nodes, reason=reason, now=now)
    body = incident_message(incident, reason=reason, now=now, actor=actor) if ways else {}
    episode = episode_of(incident)
    asked = [Candidate(incident, way.channel, reason, now, flaps=flaps) for way in ways]
    rows = [_enqueue(one, way, body=body, episode=episode) for one, way in zip(asked, ways, strict=True)]
    if reason in BEGINS:
        _plan_steps(incident, nodes, episode=episode, now=now)
    return [row for row in rows if row is not None]


def enqueue_for(candidate: Candidate, way: Way, *, body: dict[str, Any], generation: str) -> Notification | None:
    """The row of one channel, or None when this generation has its row already."""
    # What flaps is known now, and not when a row that waited leaves.
    decision = why_not(candidate) if way.due_at <= candidate.now or candidate.flaps else None
    row, made = Notification.objects.get_or_create(
        incident=candidate.incident,
        channel=candidate.channel,
        generation=generation,
        defaults={
            "uid": uuid7(),
            "reason": candidate.reason,
            **_state(decision, body),
            "created_at": candidate.now,
            "due_at": _due(decision, way),
            "route_id": way.route,
            "repeat_every": way.repeat_every,
            # Retries are measured in real time: a story that plays in the past is not a message that waits for days.
            "not_before": real_now(),
        },
    )
    if made and decision:
        record_suppressed(candidate.incident, decision, now=candidate.now)
    return row if made else None


def _state(decision: Facts | None, body: dict[str, Any]) -> dict[str, Any]:
    if decision is None:
        return {"state": State.QUEUED, "body": body}
    state = State.QUEUED if decision["code"] in POSTPONES else State.SUPPRESSED
    return {"state": state, "decision": decision["code"], "body": {**body, "decision": decision}}


def _due(decision: Facts | None, way: Way) -> datetime:
    held = decision is not None and decision["code"] in POSTPONES
    return datetime.fromisoformat(decision["until"]) if held and decision else way.due_at


def _enqueue(candidate: Candidate, way: Way, *, body: dict[str, Any], episode: int) -> Notification | None:
    incident, reason = candidate.incident, candidate.reason
    if reason in (Reason.GREW, Reason.FLAPPING) and _will_be_told(incident, way.channel):
        return None
    generation = reason if reason not in COUNTED else f"{reason}:{_count(incident, way.channel, reason) + 1}"
    return enqueue_for(candidate, way, body=body, generation=in_episode(generation, episode))


def _will_be_told(incident: Incident, channel: Channel) -> bool:
    """A message that still waits is composed when it leaves: the new alert will be in it."""
    waiting = incident.notifications.filter(channel=channel, state=State.QUEUED, attempts=0)
    return waiting.filter(reason__in=[Reason.OPENED, Reason.REOPENED, Reason.ESCALATED, Reason.GREW]).exists()


def _count(incident: Incident, channel: Channel, reason: str) -> int:
    return incident.notifications.filter(channel=channel, reason=reason).count()


def _plan_steps(incident: Incident, nodes: list[Node], *, episode: int, now: datetime) -> None:
    ways = steps_of(incident, nodes, now=now)
    body = incident_message(incident, reason=Reason.UNACKNOWLEDGED, now=now, actor=None) if ways else {}
    for way in ways:
        after = int(way.step.after.total_seconds()) if way.step else 0
        candidate = Candidate(incident, way.channel, Reason.UNACKNOWLEDGED, now)
        enqueue_for(candidate, way, body=body, generation=in_episode(f"step:{way.route}:{after}", episode))


def _say_nobody_was_told(incident: Incident, nodes: list[Node], *, reason: str, now: datetime) -> None:
    facts = {"code": NO_CHANNEL, "reason": reason}
    if nodes:
        facts = {"code": ROUTED_NOWHERE, "reason": reason, "route": ", ".join(node.name for node in nodes)}
    if not incident.events.filter(data=facts).exists():
        record_suppressed(incident, facts, now=now)
