"""What a rule asks and what it saw, in words, in the active language."""

from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from alerting.kinds import rule_kind
from alerting.kinds.burn_rate import BurnRate
from alerting.models import Alert, AlertRule
from alerting.states.lifecycle import Move
from models_registry.shipped import shipped


def incident_title(rule: AlertRule, signal: str = Alert.Signal.BREACH) -> str:
    """The rule's summary; without one, what it asks: "Accuracy of Credit risk below 0.90". Or that it cannot tell."""
    if signal == Alert.Signal.NO_DATA:
        return _("No data to judge by: %(rule)s") % {"rule": rule}
    if signal == Alert.Signal.ERROR:
        return _("Rule broken: %(rule)s") % {"rule": rule}
    return rule.summary or rule_kind(rule).title(rule)


def describe_value(rule: AlertRule, value: float | None) -> str:
    """A value this rule saw, with its unit; empty for none."""
    return "" if value is None else rule_kind(rule).describe(rule, value)


def told_as(rule: AlertRule, value: float | None, written: str) -> str:
    """What was seen, in the active language; and what was written down beside it, where that says something else.

    So an alert that ended because its rule was switched off says so, beside a value that had not recovered. What is no
    sentence was the value in words; where the rule words it otherwise by now, since it was changed, those of then are right.
    """
    seen = describe_value(rule, value)
    with override(settings.LANGUAGE_CODE):  # reasons are written in the language of the installation
        usual = describe_value(rule, value)
    if not written or written == usual[: len(written)]:
        return joined(seen, _calm(rule, value))
    why = shipped(written)
    if not seen or written.endswith("."):
        return _("%(why)s Last seen: %(seen)s.") % {"why": why, "seen": seen} if seen else why
    return why if get_language() == settings.LANGUAGE_CODE else seen


def _calm(rule: AlertRule, value: float | None) -> str:
    kind = rule_kind(rule)
    return kind.calm(rule, value) if isinstance(kind, BurnRate) and value is not None else ""


def joined(*parts: str) -> str:
    """The non-empty parts, one sentence after the other."""
    return "; ".join(part for part in parts if part)


def move_label(move: str) -> str:
    """A move as what somebody can do: "acknowledge it"."""
    words = {
        Move.ACKNOWLEDGE: _("acknowledge it"),
        Move.MITIGATE: _("mark it mitigated"),
        Move.RESOLVE: _("resolve it"),
        Move.CLOSE: _("close it"),
        Move.REOPEN: _("reopen it"),
        Move.MERGE: _("merge it into another"),
    }
    return words[Move(move)]
