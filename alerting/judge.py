"""What a rule sees at a slot: breached, fine, no data or stale, with the counts it saw. Reads only, one query per rule."""

from datetime import datetime

from django.utils.translation import gettext as _

from alerting.kinds import rule_kind
from alerting.kinds.base import Judgement
from alerting.models import AlertRule
from alerting.states import Seen
from monitoring.slo import is_stale
from monitoring.stats.tally import Subject


def judge(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Judgement:
    """Look at the rule's windows as they are known now. Raises when the rule itself is broken."""
    if is_stale(now=at, watermark=watermark):
        reason = _("The drain is behind: events since %(since)s are not counted yet.") % {
            "since": f"{watermark:%H:%M}Z"
        }
        return Judgement(Seen.STALE, min(at, watermark), rule.severity, reason=reason)
    return rule_kind(rule).judge(rule, subject, at=at, watermark=watermark)
