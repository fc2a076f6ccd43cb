"""Ways to put a question. To add one: `<kind>.py` here with a `KIND`, a line in `AlertRule.Kind`, a test, a row in the docs."""

from functools import cache

from django.utils.module_loading import import_string

from alerting.kinds.base import RuleKind
from alerting.models import AlertRule


def rule_kind(rule: AlertRule) -> RuleKind:
    """How this rule is asked; `ImportError` for a kind nobody wrote."""
    return _load(str(rule.kind))


@cache
def _load(name: str) -> RuleKind:
    kind: RuleKind = import_string(f"alerting.kinds.{name}.KIND")
    return kind
