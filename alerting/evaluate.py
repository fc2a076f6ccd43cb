"""The stage that asks every rule its question, once per slot.

A slot is now cut down to the rule's interval, shifted by a phase of its own so that rules do not all run at once. A slot
that was evaluated, or lies before the last one, is skipped: duplicate ticks and a clock that goes back are harmless.
Slots that passed while nobody ticked are counted and never replayed. What a few rules look at is
read by one query; then everything of one rule happens in one savepoint, and they share a commit. A rule that fails is
marked broken and does not stop the others.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
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
    rules = AlertRule.objects.filter(enabled=True).select_related("slo__model", "model", "project").order_by("id")
    due = [(rule, slot) for rule in rules if is_due(rule, slot := slot_of(rule, now=now))]
    # What is written down (reasons, titles) is in the language of the installation, whoever ticks.
    with override(settings.LANGUAGE_CODE):
        close_orphans(now=now)
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
    """One query and one commit for some rules, a savepoint for each; their alerts are locked together, in order."""
    read = _read(due, subjects, watermark)
    total = Summary()
    with transaction.atomic():
        locked = Alert.objects.select_for_update(of=("self",)).filter(rule__in=[rule for rule, _ in due])
        alerts = {alert.rule_id: alert for alert in locked.select_related("incident").order_by("id")}
        for rule, slot in due:
            look = Look(slot, watermark, read.get(rule.pk))
            total += _evaluate_safely(rule, alerts.get(rule.pk), subjects, look)
    return total


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
    return rule.last_slot is None or slot > rule.last_slot


def missed_slots(rule: AlertRule, slot: datetime) -> int:
    """Slots between the last one evaluated and this one."""
    return 0 if rule.last_slot is None else max(0, (slot - rule.last_slot) // _interval(rule) - 1)


def _interval(rule: AlertRule) -> timedelta:
    return max(rule.interval, timedelta(seconds=1))


def _evaluate_safely(rule: AlertRule, alert: Alert | None, subjects: dict[int, Subject], look: Look) -> Summary:
    missed = missed_slots(rule, look.slot)
    try:
        written = _evaluate_rule(rule, alert, subjects, look)
    except Exception as error:  # a broken rule must not stop the others
        logger.exception("rule_failed", rule=rule.slug)
        written = _mark_broken(rule, f"{type(error).__name__}: {error}", slot=look.slot)
    return Summary(seen=1, written=written, skipped=missed)


@transaction.atomic
def _evaluate_rule(rule: AlertRule, alert: Alert | None, subjects: dict[int, Subject], look: Look) -> int:
    slot = look.slot
    if not _claim(rule, slot):
        return 0
    subject = subjects[rule_model(rule).pk]
    seen = judge(rule, subject, at=slot, watermark=look.watermark, seen=look.tallies)
    _keep_evaluation(rule, seen, slot=slot)
    _keep_health(rule, HEALTH[seen.seen], "" if seen.seen in (Seen.BREACHED, Seen.FINE) else seen.reason)
    respond(rule, alert or _new_alert(rule), seen, subject, at=slot)
    return 1


def _claim(rule: AlertRule, slot: datetime) -> bool:
    """Take the slot, unless another evaluator has; the row stays locked until the transaction ends."""
    rows = AlertRule.objects.filter(Q(last_slot=None) | Q(last_slot__lt=slot), pk=rule.pk)
    return rows.update(last_slot=slot) == 1


def _keep_evaluation(rule: AlertRule, seen: Judgement, *, slot: datetime) -> None:
    breached = {Seen.BREACHED: True, Seen.FINE: False}.get(seen.seen)
    Evaluation.objects.create(
        rule=rule,
        slot=slot,
        window_end=seen.window_end,
        value=seen.value,
        good=seen.good,
        valid=seen.valid,
        breached=breached,
        reason=seen.reason[:MAX_REASON],
    )


def _keep_health(rule: AlertRule, health: str, error: str) -> None:
    if (rule.health, rule.last_error) != (health, error):
        AlertRule.objects.filter(pk=rule.pk).update(health=health, last_error=error)


@transaction.atomic
def _mark_broken(rule: AlertRule, error: str, *, slot: datetime) -> int:
    """What went wrong, at the slot where it did; its alert stays as it is."""
    if not _claim(rule, slot):
        return 0
    _keep_health(rule, AlertRule.Health.ERROR, error)
    Evaluation.objects.create(rule=rule, slot=slot, window_end=slot, reason=error[:MAX_REASON])
    return 1


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
