"""A rule on heartbeats, a dead man's switch: somebody promised a sign of life, and none came in time."""

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    BREACHED,
    FINE,
    NO_DATA,
    SEVERITIES,
    Answers,
    Beats,
    BeatsAsked,
    Indivisible,
    Judgement,
    model_problems,
    moment,
    rule_model,
)
from alerting.models import AlertRule
from alerting.states.machine import SEEN, Seen
from monitoring.catalogue.units import span
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Integers, epoch


class HeartbeatRule(Indivisible):  # there are no parts
    """The newest heartbeat is older than the window. Until the first one, the rule's own beginning counts as one."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A model that it speaks of, and a window that one can be late for."""
        problems = model_problems(rule, _("A heartbeat speaks of one model: choose it."))
        if rule.model is None:
            return problems
        if rule.window.total_seconds() < 1:
            problems["window"] = _("Write how long may pass between two heartbeats: 01:00:00 is an hour.")
        if rule.group_by:
            problems["group_by"] = _("Heartbeats have no versions or segments: leave this empty.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> BeatsAsked:
        """The newest heartbeat."""
        return BeatsAsked(rule.pk, until)

    def judge(self, rule: AlertRule, subject: Subject, seen: Beats) -> Answers:
        """The value is its age in seconds."""
        began = epoch(rule.created_at) if rule.pk else -1
        last = np.where(seen.last >= 0, seen.last, began)
        known = (last >= 0) & (last <= seen.until)
        age = np.where(known, seen.until - last, np.nan).astype(np.float64)
        most = rule.window.total_seconds()
        found = np.where(~known, NO_DATA, np.where(age > most, BREACHED, FINE))

        def tell(place: int) -> Judgement:
            state = SEEN[found[place]]
            value = float(age[place]) if known[place] else None
            reason = self.describe(rule, value) if state == Seen.BREACHED and value is not None else ""
            if state == Seen.NO_DATA:
                reason = _("No heartbeat has come yet.")
            return Judgement(state, moment(seen.until[place]), rule.severity, value, reason=reason)

        severity = np.full(len(found), SEVERITIES.index(rule.severity))
        return Answers(found, age, np.zeros(len(found), dtype=np.int64), severity, tell)

    def title(self, rule: AlertRule) -> str:
        """The rule's name says what should be alive."""
        return _("No heartbeat: %(rule)s (%(model)s)") % {"rule": rule, "model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """How long ago, and how long is allowed."""
        names = {"age": number_format(value / 60, 1), "window": span(rule.window.total_seconds())}
        return _("the last heartbeat came %(age)s minutes ago, one is due every %(window)s") % names


KIND = HeartbeatRule()
