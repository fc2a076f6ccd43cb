"""The stage that asks every rule its question, once per slot.

A slot is now cut down to the rule's interval, shifted by a phase of its own so that rules do not all run at once. A slot
that was evaluated, or lies before the last one, is skipped: duplicate ticks and a clock that goes back are harmless.
Slots that passed while nobody ticked are counted and never replayed. What a few rules look at is
read by one query, their slots are claimed by one update and what they saw is kept by one insert, in one commit. A rule
that fails is marked broken and does not stop the others: what it changed is rolled back to a savepoint.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import override

from alerting.identity import fingerprint
from alerting.judge import judge, question
from alerting.kinds.base import Judgement, environment_of, rule_model
from alerting.models import Alert, AlertRule, Evaluation
from alerting.respond import close_orphans, respond
from alerting.states import Seen
from lib.stage import Summary
from monitoring.measures import subjects_of
from monitoring.selectors.summaries import Ask, read_tallies_of
from monitoring.selectors.watermark import ingest_watermark
from monitoring.stats.tally import Subject, Tally

logger = structlog.get_logger(__name__)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_REASON = 300
CHUNK = 20
Due = tuple[AlertRule, datetime]
# By hand: to compose one update of all slots costs Django more time than the rest of claiming them.
_TAKE_SLOT = f"UPDATE {AlertRule._meta.db_table} SET last_slot = %s WHERE id = %s"
HEALTH = {
    Seen.BREACHED: AlertRule.Health.OK,
    Seen.FINE: AlertRule.Health.OK,
    Seen.NO_DATA: AlertRule.Health.NO_DATA,
    Seen.STALE: AlertRule.Health.STALE,
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the world: for which slot, how far the drain had come, what was read for the rule's question."""

    slot: datetime
    watermark: datetime
    tallies: list[Tally] | None


def evaluate(*, now: datetime) -> Summary:
    """Stage: judge every enabled rule that is due. `seen` rules due, `written` evaluations, `skipped` slots missed."""
    rules = list(AlertRule.objects.select_related("slo__model", "model").order_by("id"))
    asked = [rule for rule in rules if rule.enabled and rule.kind != AlertRule.Kind.EXTERNAL]
    due = [(rule, slot) for rule in asked if is_due(rule, slot := slot_of(rule, now=now))]
    # What is written down (reasons, titles) is in the language of the installation, whoever ticks.
    with override(settings.LANGUAGE_CODE):
        close_orphans([rule for rule in rules if not rule.enabled], now=now)
        return _evaluate_due(due, now=now) if due else Summary()


def _evaluate_due(due: list[Due], *, now: datetime) -> Summary:
    watermark = ingest_watermark(now=now)
    models = [model for rule, _ in due if (model := rule.slo.model if rule.slo else rule.model)]
    subjects = subjects_of(models)
    total = Summary()
    for first in range(0, len(due), CHUNK):
        total += _evaluate_chunk(due[first : first + CHUNK], subjects, watermark)
    return total


def _evaluate_chunk(due: list[Due], subjects: dict[int, Subject], watermark: datetime) -> Summary:
    """One query and one commit for some rules; their slots are claimed, their alerts locked and their answers kept together."""
    read = _read(due, subjects, watermark)
    with transaction.atomic():
        claimed = _claim(due)
        locked = Alert.objects.select_for_update(of=("self",)).filter(rule_id__in=[rule.pk for rule, _ in claimed])
        alerts = {alert.rule_id: alert for alert in locked.select_related("incident").order_by("id")}
        rows = [
            _evaluate_rule(rule, alerts.get(rule.pk), subjects, Look(slot, watermark, read.get(rule.pk)))
            for rule, slot in claimed
        ]
        # A slot can come twice where somebody's form wrote an older `last_slot` back: what was seen first stays.
        Evaluation.objects.bulk_create(rows, ignore_conflicts=True)
    missed = sum(missed_slots(rule, slot) for rule, slot in due)
    return Summary(seen=len(due), written=len(claimed), skipped=missed)


def _read(due: list[Due], subjects: dict[int, Subject], watermark: datetime) -> dict[int, list[Tally]]:
    """What the rules look at, by rule. A broken rule is left out: it says what is wrong when it is judged alone."""
    asks: dict[int, Ask] = {}
    for rule, slot in due:
        with suppress(Exception):
            asks[rule.pk] = question(rule, subjects[rule_model(rule).pk], at=slot, watermark=watermark)
    return dict(zip(asks, read_tallies_of(asks.values()), strict=True))


def slot_of(rule: AlertRule, *, now: datetime) -> datetime:
    """The newest slot of the rule that is not after now."""
    interval = _interval(rule)
    phase = timedelta(seconds=rule.pk * 7) % interval
    return now - (now - EPOCH - phase) % interval


def is_due(rule: AlertRule, slot: datetime) -> bool:
    """Whether the slot is newer than the last one evaluated."""
    return _is_newer(slot, rule.last_slot)


def _is_newer(slot: datetime, last: datetime | None) -> bool:
    return last is None or slot > last


def missed_slots(rule: AlertRule, slot: datetime) -> int:
    """Slots between the last one evaluated and this one."""
    return 0 if rule.last_slot is None else max(0, (slot - rule.last_slot) // _interval(rule) - 1)


def _interval(rule: AlertRule) -> timedelta:
    return max(rule.interval, timedelta(seconds=1))


def _claim(due: list[Due]) -> list[Due]:
    """Take the slots that no other evaluator has taken; the rules stay locked until the transaction ends."""
    rows = AlertRule.objects.select_for_update(no_key=True).filter(pk__in=[rule.pk for rule, _ in due]).order_by("pk")
    last = dict(rows.values_list("pk", "last_slot"))
    claimed = [(rule, slot) for rule, slot in due if rule.pk in last and _is_newer(slot, last[rule.pk])]
    moment = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(_TAKE_SLOT, [(moment(slot), rule.pk) for rule, slot in claimed])
    return claimed


def _evaluate_rule(rule: AlertRule, alert: Alert | None, subjects: dict[int, Subject], look: Look) -> Evaluation:
    """Judge and respond; what was seen, or what went wrong: then the alert stays as it is."""
    slot = look.slot
    try:
        subject = subjects[rule_model(rule).pk]
        seen = judge(rule, subject, at=slot, watermark=look.watermark, seen=look.tallies)
        respond(rule, alert or _new_alert(rule), seen, subject, at=slot)
    except Exception as error:  # a broken rule must not stop the others
        logger.exception("rule_failed", rule=rule.slug)
        reason = f"{type(error).__name__}: {error}"
        _keep_health(rule, AlertRule.Health.ERROR, reason)
        return Evaluation(rule=rule, slot=slot, window_end=slot, reason=reason[:MAX_REASON])
    _keep_health(rule, HEALTH[seen.seen], "" if seen.seen in (Seen.BREACHED, Seen.FINE) else seen.reason)
    return _evaluation(rule, seen, slot=slot)


def _evaluation(rule: AlertRule, seen: Judgement, *, slot: datetime) -> Evaluation:
    return Evaluation(
        rule=rule,
        slot=slot,
        window_end=seen.window_end,
        value=seen.value,
        good=seen.good,
        valid=seen.valid,
        breached={Seen.BREACHED: True, Seen.FINE: False}.get(seen.seen),
        reason=seen.reason[:MAX_REASON],
    )


def _keep_health(rule: AlertRule, health: str, error: str) -> None:
    if (rule.health, rule.last_error) != (health, error):
        AlertRule.objects.filter(pk=rule.pk).update(health=health, last_error=error)


@transaction.atomic
def _new_alert(rule: AlertRule) -> Alert:
    """The rule's one alert, made at its first evaluation."""
    model = rule_model(rule)
    labels = {
        "project": rule.project.slug,
        "rule": rule.slug,
        "model": model.slug,
        "environment": environment_of(rule),
        "slo": rule.slo.slug if rule.slo else "",
    }
    return Alert.objects.create(rule=rule, fingerprint=fingerprint(labels), labels=labels, severity=rule.severity)
