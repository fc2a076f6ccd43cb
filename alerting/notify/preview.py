"""Who would be told of an alert with these labels, and why: the same walk and the same stages, with nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.models import Channel, Incident, QuietHours
from alerting.mutes.in_force import Mute, Quiet
from alerting.notify import channel_off, severity
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import NOT_ROUTED, explain
from alerting.notify.hours import quiet_facts
from alerting.notify.silence import facts_of
from alerting.notify.tree import tree_of
from alerting.notify.ways import EVERYBODY
from alerting.routes.tree import Node, Visit, match, visits
from models_registry.models import Project


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the answer: a channel, the route that leads to it, how long after the alert, and why not."""

    channel: Channel
    route: str
    after: timedelta
    repeat_every: timedelta | None = None
    unacknowledged: bool = False
    decision: Facts | None = None

    @property
    def why_not(self) -> str:
        """A sentence in the active language; empty for a channel that is told."""
        return explain(self.decision) if self.decision else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The tree as it was walked (empty without routes), and every channel of the project at least once."""

    visits: list[Visit]
    lines: list[Told]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is the same for every channel."""

    incident: Incident
    channels: Mapping[int, Channel]
    quiet: list[QuietHours]
    mute: Mute | None
    now: datetime

    def line(self, key: int, route: str, after: timedelta, *, every: timedelta | None, step: bool = False) -> Told:
        channel = self.channels[key]
        facts = self._held_back(channel, self.now + after)
        decision = {**facts, "channel": channel.name} if facts else None
        return Told(channel, route, after, every, unacknowledged=step, decision=decision)

    def _held_back(self, channel: Channel, at: datetime) -> Facts | None:
        """By the stages that need no history."""
        candidate = Candidate(self.incident, channel, "opened", at)
        rank = self.incident.severity
        return (
            channel_off.check(candidate)
            or severity.check(candidate)
            or (facts_of(self.mute) if self.mute else None)
            or quiet_facts(self.quiet, channel, severity=rank, now=at)
        )


def preview(project: Project, labels: Mapping[str, str], *, now: datetime) -> Preview:
    """What would happen if an alert with these labels fired now. Its severity is a label: page, critical, or else a ticket."""
    asked = _Asked(
        Incident(project=project, severity=severity.severity_of(labels)),
        {channel.pk: channel for channel in Channel.objects.filter(project=project).order_by("name")},
        list(QuietHours.objects.filter(project=project)),
        next(iter(Quiet(project.pk, now=now).mutes(labels)), None),
        now,
    )
    tree = tree_of(project.pk)
    if tree is None:
        return Preview([], [asked.line(key, "", EVERYBODY.group_wait, every=None) for key in asked.channels])
    nodes = match(tree, labels)
    lines = _first(asked, nodes) + _later(asked, nodes)
    reached = {line.channel.pk for line in lines}
    missed = [
        Told(channel, "", timedelta(0), decision={"code": NOT_ROUTED, "channel": channel.name})
        for key, channel in asked.channels.items()
        if key not in reached
    ]
    return Preview(visits(tree, labels), lines + missed)


def _first(asked: _Asked, nodes: list[Node]) -> list[Told]:
    chosen: dict[int, Node] = {}
    for node in sorted(nodes, key=lambda node: node.timing.group_wait):
        for key in node.channels:
            chosen.setdefault(key, node)
    return [
        asked.line(key, node.name, node.timing.group_wait, every=node.timing.repeat_interval)
        for key, node in chosen.items()
    ]


def _later(asked: _Asked, nodes: list[Node]) -> list[Told]:
    return [
        asked.line(key, node.name, step.after, every=node.timing.repeat_interval, step=True)
        for node in nodes
        for step in node.steps
        for key in step.channels
    ]
