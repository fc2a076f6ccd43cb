"""Read what a fatigue report is counted from: a fixed number of statements, however many rules, alerts and people there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils import timezone

from alerting.fatigue.count import Fates, Fatigue, Spared, by_reader, by_rule, fates, spared
from alerting.fatigue.episodes import Fired, firings
from alerting.fatigue.facts import Call, Change, Deed, Facts, Held, Said
from alerting.models import (
    Alert,
    AlertRule,
    AlertTransition,
    AlertVerdict,
    Channel,
    Incident,
    IncidentEvent,
    Notification,
    QuietHours,
    Severity,
)
from alerting.mutes.night import is_night
from alerting.notify.ack import ASKS
from alerting.states.flap_detection import flap_window
from models_registry.models import Project

USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=366)
USEFUL: Final = AlertVerdict.Verdict.USEFUL
# What was merged away lives on in the incident that took its alerts: there people acted on them.
WHERE: Final = Coalesce("incident__merged_into", "incident")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule that fired, what that was, and a longer `for` that would have spared people of it."""

    rule: AlertRule
    told: Fatigue
    spared: Spared | None


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """One person, or a channel that is no one person's own; nights are told by the clock of `zone`."""

    name: str
    is_person: bool
    zone: str
    told: Fatigue


@dataclass(frozen=True, slots=True)
class Report:
    """A project over [start, end): what hurts most comes first. `quiet` rules are on and fired not once.

    `needed` are incidents that somebody acted upon or a review calls useful; `fired_in` has the rules of each incident.
    """

    start: datetime
    end: datetime
    rules: list[RuleLine]
    readers: list[ReaderLine]
    quiet: int
    needed: frozenset[int]
    fired_in: Mapping[int, frozenset[int]]

    def line(self, rule: AlertRule) -> RuleLine:
        """Of one rule; one that fired not once has nothing but zeros."""
        return next((one for one in self.rules if one.rule.pk == rule.pk), RuleLine(rule, Fatigue(), None))


@dataclass(frozen=True, slots=True)
class Readers:
    """The channels of a project and whose they are."""

    channels: dict[int, Channel]
    zones: dict[int, tzinfo]

    @property
    def owners(self) -> dict[int, int | None]:
        """Channel to person."""
        return {key: channel.owner_id for key, channel in self.channels.items()}

    def zone(self, channel: int) -> tzinfo:
        """Where the channel is read: its own quiet hours say so, else the installation does."""
        return self.zones.get(channel) or timezone.get_default_timezone()


def fatigue_report(project: Project, *, start: datetime, end: datetime) -> Report:
    """Every rule that fired and everybody who was called. What became of incidents is told as it is known today."""
    readers = _readers(project)
    facts = _facts(project, readers, start=start, end=end)
    rules = list(AlertRule.objects.filter(project=project).select_related("project", "slo__model", "model", "policy"))
    fired = firings(facts.changes, {rule.pk: flap_window(rule.interval) for rule in rules})
    known, mine = fates(facts, fired), _by_rule(fired)
    told = by_rule(facts, mine, known)
    lines = [RuleLine(rule, told[rule.pk], _spared(rule, mine[rule.pk], known)) for rule in rules if rule.pk in told]
    lines.sort(key=lambda line: line.told.hurts, reverse=True)
    quiet = sum(rule.enabled and rule.pk not in told for rule in rules)
    return Report(start, end, lines, _reader_lines(facts, known, readers), quiet, known.needed, _fired_in(fired))


def _by_rule(fired: Iterable[Fired]) -> dict[int, list[Fired]]:
    found: dict[int, list[Fired]] = {}
    for one in fired:
        found.setdefault(one.rule, []).append(one)
    return found


def _spared(rule: AlertRule, fired: Iterable[Fired], known: Fates) -> Spared | None:
    return spared(fired, known, hold=rule.for_duration, keep=rule.keep_firing_for)


def _reader_lines(facts: Facts, known: Fates, readers: Readers) -> list[ReaderLine]:
    people = {one.owner_id: one.owner for one in readers.channels.values() if one.owner is not None}
    lines = []
    for (is_person, key), told in by_reader(facts, known).items():
        first = next(pk for pk, one in readers.channels.items() if key == (one.owner_id if is_person else pk))
        name = people[key].get_username() if is_person else readers.channels[key].name
        lines.append(ReaderLine(name, is_person, str(readers.zone(first)), told))
    return sorted(lines, key=lambda line: line.told.hurts, reverse=True)


def _fired_in(fired: Iterable[Fired]) -> dict[int, frozenset[int]]:
    """Incident to the rules that fired in it."""
    found: dict[int, set[int]] = {}
    for one in fired:
        if one.incident is not None:
            found.setdefault(one.incident, set()).add(one.rule)
    return {incident: frozenset(rules) for incident, rules in found.items()}


def _readers(project: Project) -> Readers:
    channels = {one.pk: one for one in Channel.objects.filter(project=project).select_related("owner")}
    zones: dict[int, tzinfo] = {}
    for hours in QuietHours.objects.filter(project=project).order_by("-channel", "-pk"):
        for key, channel in channels.items():
            if hours.channel_id == key or (hours.person_id is not None and hours.person_id == channel.owner_id):
                zones.setdefault(key, ZoneInfo(hours.zone))
    return Readers(channels, zones)


def _facts(project: Project, readers: Readers, *, start: datetime, end: datetime) -> Facts:
    about = Q(incident__project=project, incident__opened_at__lt=end) & (
        Q(incident__merged_into=None, incident__resolved_at=None)
        | Q(incident__resolved_at__gte=start)
        | Q(incident__merged_into__isnull=False, incident__merged_into__resolved_at=None)
        | Q(incident__merged_into__resolved_at__gte=start)
    )
    deeds, held = _events(about, readers, start=start, end=end)
    said = AlertVerdict.objects.filter(about).values_list("alert__rule", WHERE, "verdict")
    ended = Incident.objects.filter(project=project, resolved_at__gte=start, opened_at__lt=end, resolved_by=None)
    return Facts(
        changes=_changes(project, start=start, end=end),
        calls=_calls(about, readers, start=start, end=end),
        held=held,
        deeds=deeds,
        said=[Said(rule, incident, verdict == USEFUL) for rule, incident, verdict in said],
        by_machine=frozenset(ended.values_list("pk", flat=True)),
        owners=readers.owners,
    )


def _changes(project: Project, *, start: datetime, end: datetime) -> list[Change]:
    rows = AlertTransition.objects.filter(alert__rule__project=project, at__gte=start, at__lt=end).order_by("at", "id")
    named = rows.values_list("alert__rule", "alert", "at", "to_state", WHERE, "alert__signal")
    return [
        Change(rule, alert, at, to, incident, signal == Alert.Signal.BREACH)
        for rule, alert, at, to, incident, signal in named
    ]


def _calls(about: Q, readers: Readers, *, start: datetime, end: datetime) -> list[Call]:
    rows = Notification.objects.filter(about, state=Notification.State.SENT, reason__in=ASKS)
    sent = rows.filter(sent_at__gte=start, sent_at__lt=end).order_by("sent_at")
    severity = KT("body__data__severity")
    return [
        Call(incident, channel, at, told == Severity.PAGE, is_night(at, readers.zone(channel)))
        for incident, channel, at, told in sent.values_list(WHERE, "channel", "sent_at", severity)
    ]


def _events(about: Q, readers: Readers, *, start: datetime, end: datetime) -> tuple[list[Deed], list[Held]]:
    """What people did, whenever; what was decided not to be told, in the range."""
    kept_back = Q(kind=IncidentEvent.Kind.SUPPRESSED, at__gte=start, at__lt=end)
    rows = IncidentEvent.objects.filter(about, kept_back | Q(actor__isnull=False)).order_by("id")
    named = {channel.name: key for key, channel in readers.channels.items()}
    deeds, held = [], []
    for incident, kind, actor, code, channel in rows.values_list(
        WHERE, "kind", "actor", KT("data__code"), KT("data__channel")
    ):
        if kind == IncidentEvent.Kind.SUPPRESSED:
            held.append(Held(incident, named.get(channel), code or ""))
        elif actor is not None:
            deeds.append(Deed(incident, kind))
    return deeds, held
