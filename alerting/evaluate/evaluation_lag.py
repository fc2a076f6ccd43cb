"""How far evaluation is behind: the rule that has been due for longest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting.evaluate.slots import interval_of
from alerting.models import AlertRule


@dataclass(frozen=True, slots=True)
class Lag:
    """The slug of a rule, and for how long it has been due, in the story's time; never negative."""

    rule: str
    behind: timedelta


def evaluation_lag(*, now: datetime) -> Lag | None:
    """Of enabled rules that have been judged before; None without any. In one query."""
    rules = AlertRule.objects.filter(enabled=True, last_slot__isnull=False).exclude(kind=AlertRule.Kind.EXTERNAL)
    lags = [
        Lag(rule.slug, max(timedelta(0), now - rule.last_slot - interval_of(rule)))
        for rule in rules.only("slug", "interval", "last_slot").order_by("slug")
        if rule.last_slot is not None
    ]
    return max(lags, key=lambda lag: lag.behind, default=None)
