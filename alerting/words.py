"""What a rule asks and what it saw, in words, in the active language."""

from alerting.kinds import rule_kind
from alerting.models import AlertRule


def incident_title(rule: AlertRule) -> str:
    """The rule's summary; without one, what it asks: "Accuracy of Credit risk below 0.90"."""
    return rule.summary or rule_kind(rule).title(rule)


def describe_value(rule: AlertRule, value: float | None) -> str:
    """A value this rule saw, with its unit; empty for none."""
    return "" if value is None else rule_kind(rule).describe(rule, value)


def joined(*parts: str) -> str:
    """The non-empty parts, one sentence after the other."""
    return "; ".join(part for part in parts if part)
