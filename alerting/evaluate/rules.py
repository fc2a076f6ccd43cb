"""The stage that asks every rule its question, once per slot.

What some hundred rules look at is read by one query, their slots are claimed by one update and what they saw is kept by
one insert, in one commit: the number of statements does not grow with the rules. A rule that fails is marked broken,
which its own alert tells of, and does not stop the others: what it changed is rolled back to a savepoint.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from alerting.evaluate.judge import judge, question
from alerting.evaluate.look import look
from alerting.evaluate.plan import plan_of
from alerting.evaluate.respond import close_orphans, respond
from alerting.evaluate.slots import Due, claim, is_due, missed_slots, slot_of
from alerting.evaluate.targets import Target, targets_of
from alerting.evaluate.vanished import without_vanished
from alerting.kinds.base import Asked, Judgement, rule_subjects
from alerting.models import Alert, AlertRule, Evaluation, Severity
from alerting.states.machine import BLIND, Policy, Seen, State
from lib.stage import Summary
from monitoring.selectors.watermark import ingest_watermark
from monitoring.stats.tally import Subject

logger = structlog.get_logger(__name__)
MAX_REASON = 300
CHUNK = 500
HEALTH = {
    Seen.NO_DATA: AlertRule.Health.NO_DATA,
    Seen.STALE: AlertRule.Health.STALE,
    Seen.ERROR: AlertRule.Health.ERROR,
}
BREACH = Alert.Signal.BREACH
Key = tuple[int, str]  # rule, group


@dataclass(frozen=True, slots=True)
class World:
    """What some rules look at: how far the drain had come, what is known of what each rule is about, its alerts, what was read."""

    watermark: datetime
    subjects: dict[int, Subject]
    targets: dict[int, list[Target]] = field(default_factory=dict)
    read: dict[Key, Any] = field(default_factory=dict)


def evaluate(*, now: datetime) -> Summary:
    """Stage: judge every enabled rule that is due. `seen` rules due, `written` rules judged, `skipped` slots missed."""
    rules = list(AlertRule.objects.select_related("project", "slo__model", "model", "policy").order_by("id"))
    asked = [rule for rule in rules if rule.enabled and rule.kind != AlertRule.Kind.EXTERNAL]
    due = [(rule, slot) for rule in asked if is_due(rule, slot := slot_of(rule, now=now))]
    # What is written down (reasons, titles) is in the language of the installation, whoever ticks.
    with override(settings.LANGUAGE_CODE):
        close_orphans([rule for rule in rules if not rule.enabled], now=now)
        return _evaluate_due(due, now=now) if due else Summary()


def _evaluate_due(due: list[Due], *, now: datetime) -> Summary:
    rules = [rule for rule, _slot in due]
    known = zip(rules, rule_subjects(rules), strict=True)
    world = World(ingest_watermark(now=now), {rule.pk: subject for rule, subject in known if subject})
    total = Summary()
    # Composites last: they ask what the others have just said.
    plain = [one for one in due if one[0].kind != AlertRule.Kind.COMPOSITE]
    for part in (plain, [one for one in due if one[0].kind == AlertRule.Kind.COMPOSITE]):
        for first in range(0, len(part), CHUNK):
            total += _evaluate_chunk(part[first : first + CHUNK], world)
    return total


def _evaluate_chunk(due: list[Due], world: World) -> Summary:
    """One query and one commit for some rules; their slots are claimed, their alerts locked and their answers kept together."""
    world = _read(due, world)
    rows: list[Evaluation] = []
    with transaction.atomic():
        claimed = claim(due)
        alerts = _locked([rule for rule, _ in claimed], world)
        for rule, slot in claimed:
            rows += _evaluate_rule(rule, alerts.get(rule.pk, {}), world, slot=slot)
        _keep(rows)
    return Summary(seen=len(due), written=len(claimed), skipped=sum(missed_slots(rule, slot) for rule, slot in due))


def _read(due: list[Due], world: World) -> World:
    """What the rules look at. A broken rule is left out: it says what is wrong when it is judged alone."""
    targets = targets_of(rule for rule, _ in due if rule.slo or rule.model)
    asks: dict[Key, Asked] = {}
    for rule, slot in due:
        with suppress(Exception):
            asked = question(rule, world.subjects[rule.pk], at=slot, watermark=world.watermark)
            asks |= {(rule.pk, target.group): target.narrow(asked) for target in targets[rule.pk]}
    return replace(world, targets=targets, read=dict(zip(asks, look(list(asks.values())), strict=True)))


Alerts = dict[tuple[str, str], Alert]  # by fingerprint and signal


def _locked(rules: list[AlertRule], world: World) -> dict[int, Alerts]:
    """The alerts of the rules, locked; those that are not there yet are made."""
    found: defaultdict[int, Alerts] = defaultdict(dict)
    rows = Alert.objects.select_for_update(of=("self",)).filter(rule__in=[rule.pk for rule in rules])
    for alert in rows.select_related("incident").order_by("id"):
        found[alert.rule_id][alert.fingerprint, alert.signal] = alert
    new = [
        _new_alert(rule, target, BREACH)
        for rule in rules
        for target in world.targets.get(rule.pk, [])
        if (target.fingerprint, BREACH) not in found[rule.pk]
    ]
    for alert in Alert.objects.bulk_create(new):
        found[alert.rule_id][alert.fingerprint, BREACH] = alert
    return found


def _new_alert(rule: AlertRule, target: Target, signal: str) -> Alert:
    severity = rule.severity if signal == BREACH else Severity.TICKET
    return Alert(
        rule=rule, fingerprint=target.fingerprint, labels=dict(target.labels), signal=signal, severity=severity
    )


def _evaluate_rule(rule: AlertRule, alerts: Alerts, world: World, *, slot: datetime) -> list[Evaluation]:
    """Judge and respond, group by group; the health of the rule is that of its worst group."""
    targets = world.targets.get(rule.pk, [])
    seen = [_judge(rule, target, world, slot=slot) for target in targets]
    seen = without_vanished(seen) if rule.grouping else seen
    told = [_answer(rule, target, one, alerts, world, slot=slot) for target, one in zip(targets, seen, strict=True)]
    known = {target.fingerprint for target in targets}
    broken = next((one for target, one in zip(targets, told, strict=True) if target.wrong), None)
    _let_go(rule, known, alerts, world, slot=slot, broken=broken)
    _keep_health(rule, told)
    return [_evaluation(rule, target, one, slot=slot) for target, one in zip(targets, told, strict=True)]


def _let_go(
    rule: AlertRule, known: set[str], alerts: Alerts, world: World, *, slot: datetime, broken: Judgement | None
) -> None:
    """End the alerts of labels that the rule no longer has; of a rule that finds no groups nobody knows, and they are broken."""
    for (mark, _signal), alert in alerts.items():
        if mark not in known and alert.state != State.INACTIVE:
            gone = Judgement(Seen.FINE, slot, alert.severity, reason=_("The rule asks about this no longer."))
            respond(rule, alert, broken or gone, world.subjects[rule.pk], at=slot)


def _judge(rule: AlertRule, target: Target, world: World, *, slot: datetime) -> Judgement:
    """What is seen, or what went wrong."""
    try:
        target.check()
        subject, read = world.subjects[rule.pk], world.read.get((rule.pk, target.group))
        found = judge(rule, subject, at=slot, watermark=world.watermark, seen=read)
        return replace(found, part=target.part)
    except Exception as error:  # a broken rule must not stop the others
        logger.exception("rule_failed", rule=rule.slug)
        return Judgement(Seen.ERROR, slot, rule.severity, reason=f"{type(error).__name__}: {error}"[:MAX_REASON])


def _answer(
    rule: AlertRule, target: Target, seen: Judgement, alerts: Alerts, world: World, *, slot: datetime
) -> Judgement:
    """Move the alerts of the group; where that fails, nothing moved and the rule is broken."""
    try:
        for alert in _concerned(rule, target, seen, alerts):
            respond(rule, alert, seen, world.subjects[rule.pk], at=slot)
    except Exception as error:
        logger.exception("rule_failed", rule=rule.slug)
        return Judgement(Seen.ERROR, slot, rule.severity, reason=f"{type(error).__name__}: {error}"[:MAX_REASON])
    return seen


def _concerned(rule: AlertRule, target: Target, seen: Judgement, alerts: Alerts) -> list[Alert]:
    """The alert of the group and, once there was cause for them, those that tell of blindness."""
    found = [alert for (mark, _), alert in alerts.items() if mark == target.fingerprint]
    blind = seen.seen in BLIND and plan_of(rule).blindness(seen.seen).policy == Policy.SEPARATE
    if blind and (target.fingerprint, seen.seen.value) not in alerts:
        alert = alerts[target.fingerprint, seen.seen.value] = _new_alert(rule, target, seen.seen.value)
        alert.save()
        found.append(alert)
    return found


def _evaluation(rule: AlertRule, target: Target, seen: Judgement, *, slot: datetime) -> Evaluation:
    return Evaluation(
        rule=rule,
        slot=slot,
        group=target.group,
        window_end=seen.window_end,
        value=seen.value,
        good=seen.good,
        valid=seen.valid,
        breached={Seen.BREACHED: True, Seen.FINE: False, Seen.BETWEEN: False}.get(seen.seen),
        reason=seen.reason[:MAX_REASON],
    )


def _keep(rows: list[Evaluation]) -> None:
    """A slot can come twice where somebody's form wrote an older `last_slot` back: what was seen first stays."""
    if connection.vendor == "postgresql" or not rows:
        Evaluation.objects.bulk_create(rows, ignore_conflicts=True)
        return
    fields = [one for one in Evaluation._meta.concrete_fields if not one.primary_key]
    names, places = ", ".join(f'"{one.column}"' for one in fields), ", ".join(["%s"] * len(fields))
    sql = f"INSERT OR IGNORE INTO {Evaluation._meta.db_table} ({names}) VALUES ({places})"
    values = [[one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


def _keep_health(rule: AlertRule, seen: Sequence[Judgement]) -> None:
    worst = max(seen, key=lambda one: (one.seen == Seen.ERROR, one.seen == Seen.STALE, one.seen in BLIND), default=None)
    health = AlertRule.Health.OK if worst is None else HEALTH.get(worst.seen, AlertRule.Health.OK)
    error = "" if worst is None or health == AlertRule.Health.OK else worst.reason
    if (rule.health, rule.last_error) != (health, error):
        AlertRule.objects.filter(pk=rule.pk).update(health=health, last_error=error)
        rule.health, rule.last_error = health, error
