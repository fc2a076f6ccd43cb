"""A rule on volume: silence where there is traffic usually, or a count far from the same hours of the past."""

from collections.abc import Sequence
from math import isfinite

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    Answers,
    Indivisible,
    Judgement,
    judge_each,
    model_problems,
    moment,
    rule_model,
    scope_of,
)
from alerting.models import AlertRule
from alerting.states.machine import Seen
from monitoring.catalogue.units import span
from monitoring.selectors.history import Question, window_edges
from monitoring.stats.matched import Against, matched
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.volume import FACTOR, Volume, volume_of
from monitoring.stats.windows import Integers, Windows

STATUS = "status"


class VolumeRule(Indivisible):  # a shorter window has another past
    """Fewer predictions or calls than the past has, or more: significantly, and by the threshold's factor (2 unless given)."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A model, a factor, and a past that is not the reference's."""
        problems = model_problems(rule, _("This rule watches the traffic of one model: choose it."))
        if rule.model is None:
            return problems
        if rule.threshold is not None and not (isfinite(rule.threshold) and rule.threshold > 1):
            problems["threshold"] = _("Write a factor above 1, such as 2 for half or double, or leave it empty.")
        if rule.window.total_seconds() < 60:
            problems["window"] = _("Summaries are kept by the minute: choose 00:01:00 or more.")
        if rule.against == AlertRule.Against.REFERENCE_WEEK:
            problems["against"] = _("Volume is held against earlier days or weeks: choose one of them.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """One window up to now, and those that match it: weeks unless days are asked for."""
        edges = window_edges(until - until % 60, rule.window)
        past = matched(_against(rule), moment(edges[0, -1]), moment(edges[-1, -1]))
        return Question(scope_of(rule), frozenset({STATUS}), edges, past)

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """Window by window."""
        return judge_each(lambda parts: self._judge(rule, parts), seen)

    def _judge(self, rule: AlertRule, seen: Sequence[Tally]) -> Judgement:
        """Silent, low or high; no data without a past that says what is usual."""
        now, factor = seen[-1], rule.threshold or FACTOR
        found = volume_of(now.cell(STATUS).n, [past.cell(STATUS).n for past in now.past], factor=factor)
        if found.state == "no_past":
            reason = _("Fewer than two of the matching windows of the past had traffic: nobody knows what is usual.")
            return Judgement(Seen.NO_DATA, now.end, rule.severity, valid=found.n, reason=reason)
        if found.state == "usual":
            return Judgement(Seen.FINE, now.end, rule.severity, found.ratio, valid=found.n)
        window_s = int(rule.window.total_seconds())
        told = _reason(rule, found)
        return Judgement(Seen.BREACHED, now.end, rule.severity, found.ratio, None, found.n, told, window_s, factor)

    def title(self, rule: AlertRule) -> str:
        """The model."""
        return _("Traffic of %(model)s is far from usual") % {"model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """The share of what is usual."""
        return _("traffic: %(ratio)s times the usual") % {"ratio": number_format(value, 2)}


def _against(rule: AlertRule) -> Against:
    return "day" if rule.against == AlertRule.Against.DAY else "week"


def _reason(rule: AlertRule, found: Volume) -> str:
    about = {
        "n": number_format(found.n),
        "usual": number_format(found.usual, 0),
        "window": span(rule.window.total_seconds()),
        "ratio": number_format(found.ratio or 0.0, 2),
    }
    if found.state == "silent":
        return _("silent: none in %(window)s, where the same hours of the past had %(usual)s") % about
    return _("%(n)s in %(window)s, %(ratio)s times the %(usual)s that the same hours of the past had") % about


KIND = VolumeRule()
