"""Whom a change of an incident concerns, by which route, and when they are to be told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerting.channels import channel_kind
from alerting.models import Channel, Incident, Notification
from alerting.mutes.in_force import alert_labels
from alerting.notify.dedup import family, under_way
from alerting.notify.tree import tree_of
from alerting.routes.tree import Node, Step, Timing, match

State, Reason = Notification.State, Notification.Reason
# Of a project without routes: everybody, at once, and once.
EVERYBODY: Final = Timing()
# Between the last message about a group that was over and the first of the next time.
SMALLEST_GAP: Final = timedelta(seconds=30)
BEGINS: Final = frozenset({Reason.OPENED, Reason.REOPENED, Reason.ESCALATED})
# Only who heard of the incident hears of these.
FOLLOWS: Final = frozenset({Reason.ACKNOWLEDGED, Reason.MITIGATED, Reason.CHANGED, Reason.MERGED})


@dataclass(frozen=True, slots=True)
class Way:
    """One channel, the route that leads to it (None where the project has none), and from when in story time."""

    channel: Channel
    route: int | None
    due_at: datetime
    repeat_every: timedelta | None = None
    step: Step | None = None


def routes_of(incident: Incident) -> list[Node]:
    """The branches that its alerts take, each once; empty for a project without routes."""
    tree = tree_of(incident.project_id)
    if tree is None:
        return []
    found = {node.key: node for labels in alert_labels(incident) for node in match(tree, labels)}
    return list(found.values())


def ways_of(incident: Incident, nodes: list[Node], *, reason: str, now: datetime) -> list[Way]:
    """By name of the channel. A kind of channel that does not know a reason is not asked."""
    channels = _listening(incident, reason)
    told = _told_channels(incident, now=now)
    if reason == Reason.ASSIGNED:
        own = [channel for channel in channels.values() if channel.owner_id == incident.assignee_id]
        return [Way(channel, None, now) for channel in own if incident.assignee_id]
    if reason in FOLLOWS:
        return [Way(channel, None, now) for channel in channels.values() if channel.pk in told]
    if not nodes:
        return [Way(c, None, _due(incident, c, EVERYBODY, reason=reason, now=now)) for c in channels.values()]
    chosen: dict[int, Node] = {}
    for node in sorted(nodes, key=lambda node: node.timing.group_wait):
        for key in node.channels:
            chosen.setdefault(key, node)
    return [
        _way(incident, channel, chosen.get(key), reason=reason, now=now)
        for key, channel in channels.items()
        if key in chosen or (reason == Reason.RESOLVED and key in told)
    ]


def steps_of(incident: Incident, nodes: Iterable[Node], *, now: datetime) -> list[Way]:
    """Whom to tell later, if nobody acknowledges until then."""
    channels = _listening(incident, Reason.UNACKNOWLEDGED)
    return [
        Way(channels[key], node.key, now + step.after, node.timing.repeat_interval, step)
        for node in nodes
        for step in node.steps
        for key in step.channels
        if key in channels
    ]


def _listening(incident: Incident, reason: str) -> dict[int, Channel]:
    rows = Channel.objects.filter(project=incident.project_id, enabled=True).order_by("name")
    return {channel.pk: channel for channel in rows if reason not in channel_kind(channel.kind).ignores}


def _told_channels(incident: Incident, *, now: datetime) -> set[int]:
    """Who heard of it or of what was merged into it, or is about to."""
    return set(Notification.objects.filter(under_way(now), family(incident)).values_list("channel", flat=True))


def _way(incident: Incident, channel: Channel, node: Node | None, *, reason: str, now: datetime) -> Way:
    timing = node.timing if node else EVERYBODY
    due_at = _due(incident, channel, timing, reason=reason, now=now)
    return Way(channel, node.key if node else None, due_at, timing.repeat_interval)


def _due(incident: Incident, channel: Channel, timing: Timing, *, reason: str, now: datetime) -> datetime:
    """The end of an incident, and what became worse, wait for nothing."""
    if reason == Reason.OPENED and timing.group_wait:
        return max(now, min(now + timing.group_wait, _flushed(incident, timing, now=now)))
    if reason == Reason.GREW:
        last = incident.notifications.filter(channel=channel, state=State.SENT).order_by("-sent_at").first()
        return max(now, last.sent_at + timing.group_interval) if last and last.sent_at else now
    return now


def _flushed(incident: Incident, timing: Timing, *, now: datetime) -> datetime:
    """A group that fires again just after it was over waits for the smallest gap alone."""
    before = Incident.objects.filter(project=incident.project_id, group_key=incident.group_key).exclude(pk=incident.pk)
    over = before.filter(resolved_at__gt=now - timing.group_interval).order_by("-resolved_at").first()
    return over.resolved_at + SMALLEST_GAP if over and over.resolved_at else now + timing.group_wait
