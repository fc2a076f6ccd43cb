"""What a rule sees at a slot: breached, fine, no data or stale, with the counts it saw. Reads only."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from alerting.kinds import rule_kind
from alerting.kinds.base import Judgement
from alerting.models import AlertRule
from alerting.states import Seen
from monitoring.selectors.summaries import Ask, read_tallies_of
from monitoring.slo import is_stale
from monitoring.stats.tally import Subject, Tally


def question(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Ask:
    """What to read for the rule, so that the needs of many are read together. Raises when the rule itself is broken."""
    return rule_kind(rule).question(rule, subject, at=at, watermark=watermark)


def judge(
    rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime, seen: Sequence[Tally] | None = None
) -> Judgement:
    """Look at the rule's windows, or at what was read for its `question`. Raises when the rule itself is broken."""
    if is_stale(now=at, watermark=watermark):
        reason = _("The drain is behind: events since %(since)s are not counted yet.") % {
            "since": f"{watermark:%H:%M}Z"
        }
        return Judgement(Seen.STALE, min(at, watermark), rule.severity, reason=reason)
    if seen is None:
        seen = read_tallies_of([question(rule, subject, at=at, watermark=watermark)])[0]
    return rule_kind(rule).judge(rule, subject, seen)
