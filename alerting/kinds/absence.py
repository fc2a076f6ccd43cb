"""A rule on absence: of the last N windows at least M had fewer events than the minimum."""

from typing import Final

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    BREACHED,
    FINE,
    SEVERITIES,
    Answers,
    Indivisible,
    Judgement,
    model_problems,
    moment,
    rule_model,
    scope_of,
)
from alerting.models import AlertRule
from alerting.states.machine import SEEN, Seen
from monitoring.catalogue.units import span
from monitoring.selectors.history import Question
from monitoring.stats.readers import requests
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Integers, Windows

MOST: Final = 100
MINUTE: Final = 60


class Absence(Indivisible):  # a shorter window has fewer events
    """Nothing, or too little, came: here that is the breach, and never *no data*."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """M of N windows that hold whole minutes."""
        problems = model_problems(rule, _("This rule watches the traffic of one model: choose it."))
        if rule.model is None:
            return problems
        if rule.window.total_seconds() < MINUTE or rule.window.total_seconds() % MINUTE:
            problems["window"] = _("Summaries are kept by the minute: choose whole minutes, 00:01:00 or more.")
        if not 1 <= rule.points <= MOST:
            problems["points"] = _("Look at 1 to %(most)d windows.") % {"most": MOST}
        elif not 1 <= rule.points_bad <= rule.points:
            problems["points_bad"] = _("Write a number from 1 to the %(points)d windows looked at.") % {
                "points": rule.points
            }
        if rule.minimum < 1:
            problems["minimum"] = _("No window has fewer than no events, so this could never fire: write 1 or more.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """N windows, one after the other, up to now."""
        ends, width = until - until % MINUTE, int(rule.window.total_seconds())
        edges = np.stack([ends - back * width for back in range(rule.points, -1, -1)])
        return Question(scope_of(rule), frozenset({"status"}), edges)

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """The value is how many windows lack events."""
        counts = seen.sums(lambda tally: requests.counts(tally, subject))[1]
        lacking = (counts < rule.minimum).sum(axis=0)
        found = np.where(lacking >= rule.points_bad, BREACHED, FINE)
        n = counts.sum(axis=0)

        def tell(place: int) -> Judgement:
            state, value = SEEN[found[place]], float(lacking[place])
            reason = self.describe(rule, value) if state == Seen.BREACHED else ""
            window_s = rule.points * int(rule.window.total_seconds())
            end = moment(seen.edges[-1, place])
            return Judgement(state, end, rule.severity, value, None, int(n[place]), reason, window_s, rule.points_bad)

        severity = np.full(len(found), SEVERITIES.index(rule.severity))
        return Answers(found, lacking.astype(np.float64), n, severity, tell)

    def title(self, rule: AlertRule) -> str:
        """The model."""
        return _("Too little comes of %(model)s") % {"model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """How many of how many."""
        return _("%(lacking)s of %(points)d windows of %(window)s had fewer than %(minimum)d events") % {
            "lacking": number_format(value, 0),
            "points": rule.points,
            "window": span(rule.window.total_seconds()),
            "minimum": rule.minimum,
        }


KIND = Absence()
