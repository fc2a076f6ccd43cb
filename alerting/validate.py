"""Whether a rule could ever fire; forms and `apply` ask before they save. A rule that cannot is worse than none."""

from datetime import timedelta

from django.utils.translation import gettext as _

from alerting.kinds import rule_kind
from alerting.models import AlertRule
from models_registry.models import LONGEST


def rule_problems(rule: AlertRule) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when the rule can be asked and could fire."""
    problems = rule_kind(rule).problems(rule)
    if rule.interval.total_seconds() < 1:
        problems["interval"] = _("Ask at most once a second: 00:01:00 is every minute.")
    for name in ("window", "interval", "for_duration", "keep_firing_for"):
        if not timedelta(0) <= getattr(rule, name) <= LONGEST:
            problems[name] = _("Choose from 00:00:00 to 3650 00:00:00, which is ten years.")
    return problems
