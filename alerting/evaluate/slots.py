"""When a rule is due, and who takes the slot.

A slot is now cut down to the rule's interval, shifted by a phase of its own so that rules do not all run at once. A slot
that was evaluated, or lies shortly before the last one, is skipped: duplicate ticks, and clocks of several machines that
differ a little, are harmless. A last slot far in the future means that the clock was put back: then slots are taken again
but for those that were evaluated already, so an hour is neither judged twice nor left out. Slots that passed while nobody
ticked are counted and never replayed.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection

from alerting.models import AlertRule, Evaluation

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SKEW: Final = timedelta(minutes=5)  # by how much the clocks of two evaluators may differ
OUTAGE: Final = timedelta(minutes=15)  # longer without a look is a restart, or a clock that was put forward
Due = tuple[AlertRule, datetime]
# By hand: to compose one update of all slots costs Django more time than the rest of claiming them.
_TAKE_SLOT = f"UPDATE {AlertRule._meta.db_table} SET last_slot = %s WHERE id = %s"


def slot_of(rule: AlertRule, *, now: datetime) -> datetime:
    """The newest slot of the rule that is not after now; a rule that was not saved yet has no phase."""
    interval = interval_of(rule)
    phase = timedelta(seconds=(rule.pk or 0) * 7) % interval
    return now - (now - EPOCH - phase) % interval


def is_due(rule: AlertRule, slot: datetime) -> bool:
    """Whether the slot is newer than the last one evaluated, or the clock was put back."""
    return _is_next(slot, rule.last_slot)


def _is_next(slot: datetime, last: datetime | None) -> bool:
    return last is None or slot > last or was_put_back(slot, last)


def was_put_back(slot: datetime, last: datetime | None) -> bool:
    """Whether the last slot lies further ahead than clocks differ."""
    return last is not None and last - slot > SKEW


def missed_slots(rule: AlertRule, slot: datetime) -> int:
    """Slots between the last one evaluated and this one."""
    return 0 if rule.last_slot is None else max(0, (slot - rule.last_slot) // interval_of(rule) - 1)


def gap_before(rule: AlertRule, slot: datetime) -> timedelta:
    """How long nobody looked, beyond the interval. Slots missed for less than an outage count, as they do in Prometheus."""
    gap = missed_slots(rule, slot) * interval_of(rule)
    return gap if gap > OUTAGE else timedelta(0)


def interval_of(rule: AlertRule) -> timedelta:
    """At least a second."""
    return max(rule.interval, timedelta(seconds=1))


def claim(due: list[Due]) -> list[Due]:
    """Take the slots that no other evaluator has taken; the rules stay locked until the transaction ends."""
    rows = AlertRule.objects.select_for_update(no_key=True).filter(pk__in=[rule.pk for rule, _ in due]).order_by("pk")
    last = dict(rows.values_list("pk", "last_slot"))
    again = _evaluated([(rule, slot) for rule, slot in due if was_put_back(slot, last.get(rule.pk))])
    claimed = [
        (rule, slot)
        for rule, slot in due
        if rule.pk in last and _is_next(slot, last[rule.pk]) and (rule.pk, slot) not in again
    ]
    moment = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.executemany(_TAKE_SLOT, [(moment(slot), rule.pk) for rule, slot in claimed])
    return claimed


def _evaluated(due: list[Due]) -> set[tuple[int, datetime]]:
    """Which of these slots have been evaluated; nobody asks unless the clock was put back."""
    if not due:
        return set()
    rows = Evaluation.objects.filter(rule__in=[rule.pk for rule, _ in due], slot__in={slot for _, slot in due})
    return set(rows.values_list("rule_id", "slot"))
