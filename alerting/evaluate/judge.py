"""What a rule sees at a slot: breached, fine, no data or stale, with the counts it saw. Reads only."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from alerting.evaluate.look import look
from alerting.kinds import rule_kind
from alerting.kinds.base import Answers, Asked, Judgement
from alerting.models import AlertRule
from alerting.states.machine import Seen
from monitoring.slo.status import is_stale
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Integers, epoch


def question(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Asked:
    """What to read for the rule, so that the needs of many are read together. Raises when the rule itself is broken."""
    return ask(rule, subject, until=np.array([epoch(min(at, watermark))], dtype=np.int64))


def ask(rule: AlertRule, subject: Subject, *, until: Integers) -> Asked:
    """What to read, for one instant or many; a settle offset of the rule's own replaces that of its measure."""
    offset = 0 if rule.settle is None else int(rule.settle.total_seconds())
    return rule_kind(rule).question(rule, _settled(rule, subject), until=until - offset)


def answer(rule: AlertRule, subject: Subject, seen: Any) -> Answers:
    """The answers from what was read, for one instant or many."""
    return rule_kind(rule).judge(rule, _settled(rule, subject), seen)


def _settled(rule: AlertRule, subject: Subject) -> Subject:
    return subject if rule.settle is None else replace(subject, settle=timedelta(0))


def judge(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime, seen: Any = None) -> Judgement:
    """Look at the rule's windows, or at what was read for its `question`. Raises when the rule itself is broken."""
    if is_stale(now=at, watermark=watermark):
        reason = _("The drain is behind: events since %(since)s are not counted yet.") % {
            "since": f"{watermark:%H:%M}Z"
        }
        return Judgement(Seen.STALE, min(at, watermark), rule.severity, reason=reason)
    if seen is None:
        seen = look([question(rule, subject, at=at, watermark=watermark)])[0]
    return answer(rule, subject, seen).of(0)
