"""Alerts of other programs become alerts like any other: they join incidents, are silenced and told of.

Identity is the labels as they came. An alert ends when it says so, or when nobody has sent it again by its end. Copies
from several senders are one alert, merged as Alertmanager does (types.Alert.Merge): the earliest beginning, the newest
word on the end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.text import slugify

from alerting.evaluate.respond import respond
from alerting.kinds.base import Judgement
from alerting.labels.identity import NAME, fingerprint
from alerting.models import Alert, AlertRule
from alerting.notify.severity import severity_of
from alerting.states.machine import Seen
from lib.stage import Summary
from models_registry.models import Project
from monitoring.stats.tally import Subject

RESOLVE_TIMEOUT: Final = timedelta(minutes=5)
# What a column and a calendar can hold; an end beyond it is as good as none.
LONGEST: Final = timedelta(days=366)
OLDEST: Final = timedelta(days=3_650)
NAMELESS: Final = "external"
CHUNK: Final = 200
SLUG: Final = 50


@dataclass(frozen=True, slots=True)
class Incoming:
    """An alert as it was sent. `timeout`: it named no end, so that it ends unless it is sent again."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    timeout: bool = False
    generator_url: str = ""


def receive(project: Project, incoming: Iterable[Incoming], *, now: datetime) -> int:
    """Take alerts in, each in a transaction of its own; how many changed something."""
    return sum(_take(project, one, now=now) for one in incoming)


def expire(*, now: datetime) -> Summary:
    """Stage: end the alerts that nobody has sent again in time; one chunk, the next run takes the next."""
    rows = Alert.objects.filter(rule__kind=AlertRule.Kind.EXTERNAL, state=Alert.State.FIRING, ends_at__lte=now)
    found = list(rows.order_by("ends_at").values_list("pk", flat=True)[:CHUNK])
    return Summary(seen=len(found), written=sum(_expire(pk, now=now) for pk in found))


@transaction.atomic
def _take(project: Project, sent: Incoming, *, now: datetime) -> bool:
    rule = _rule_of(project, sent)
    if not rule.enabled:
        return False
    over = sent.ends_at <= now
    known = Alert.objects.filter(rule=rule, fingerprint=fingerprint(sent.labels))
    if over and not known.exists():  # the end of something nobody heard of
        return False
    Alert.objects.get_or_create(
        rule=rule,
        fingerprint=fingerprint(sent.labels),
        defaults={"labels": dict(sent.labels), "severity": severity_of(sent.labels)},
    )
    alert = known.select_for_update(of=("self",)).select_related("incident").get()
    _merge(alert, sent, now=now)
    _answer(rule, alert, now=now)
    return True


def _merge(alert: Alert, sent: Incoming, *, now: datetime) -> None:
    """The row as the newest word has it; an end that was named stays where it is later than one by timeout."""
    running = alert.state == Alert.State.FIRING and alert.ends_at is not None and alert.ends_at > now
    starts, ends, timeout = max(sent.starts_at, now - OLDEST), min(sent.ends_at, now + LONGEST), sent.timeout
    if running and alert.ends_at is not None and ends > now and not alert.ends_by_timeout and alert.ends_at > ends:
        ends, timeout = alert.ends_at, False
    alert.starts_at = min(starts, alert.starts_at) if running and alert.starts_at else min(starts, now)
    alert.ends_at, alert.ends_by_timeout, alert.received_at = ends, timeout, now
    alert.annotations, alert.generator_url = dict(sent.annotations), sent.generator_url
    alert.save(update_fields=["starts_at", "ends_at", "ends_by_timeout", "received_at", "annotations", "generator_url"])


@transaction.atomic
def _expire(pk: int, *, now: datetime) -> bool:
    alert = Alert.objects.select_for_update(of=("self",)).select_related("incident", "rule").get(pk=pk)
    if alert.ends_at is None or alert.ends_at > now or alert.state != Alert.State.FIRING:
        return False
    _answer(alert.rule, alert, now=now)
    return True


def _answer(rule: AlertRule, alert: Alert, *, now: datetime) -> None:
    """What follows from the alert as it stands, by the machine that every alert goes through."""
    firing = alert.ends_at is not None and alert.ends_at > now
    alert.rule = rule
    seen = Seen.BREACHED if firing else Seen.FINE
    reason = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    respond(rule, alert, Judgement(seen, now, severity_of(alert.labels), reason=reason), Subject(""), at=now)


def _rule_of(project: Project, sent: Incoming) -> AlertRule:
    """The rule of its name, made with its first alert: runbooks, verdicts and silences have something to hold on to."""
    name = sent.labels.get(NAME, "") or NAMELESS
    rule, _ = AlertRule.objects.get_or_create(
        project=project,
        slug=slug_of(name),
        defaults={"name": name[:160], "kind": AlertRule.Kind.EXTERNAL, "health": AlertRule.Health.OK},
    )
    return rule


def slug_of(name: str) -> str:
    """A slug for any name; its fingerprint keeps names apart that read alike."""
    return f"{slugify(name)[:SLUG].strip('-') or NAMELESS}-{fingerprint({NAME: name})[:8]}"
