"""A rule on one measure: over its window it is above or below a number."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isfinite

import numpy as np
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from alerting.kinds.base import (
    BETWEEN,
    BREACHED,
    FINE,
    NO_DATA,
    SEVERITIES,
    Answers,
    Judgement,
    model_problems,
    moment,
    rule_model,
    scope_of,
)
from alerting.models import AlertRule
from alerting.states.machine import SEEN, Seen
from monitoring.catalogue import MEASURES, Measure, Unit, in_words, measures_for
from monitoring.catalogue.units import figure, in_unit, span
from monitoring.measures.series import read_series
from monitoring.selectors.history import Question, window_edges
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Floats, Integers, Windows, read_each


class Threshold:
    """A measure of a model passes a number."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A model, a measure that it has, and a number that can be passed."""
        problems = model_problems(rule, _("A threshold rule watches one model: choose it."))
        if rule.model is None:
            return problems
        measure = MEASURES.get(rule.measure)
        if measure is None or rule.model.kind not in measure.kinds:
            fitting = in_words(measures_for(rule.model.kind))
            problems["measure"] = _("Models of this kind (%(kind)s) have these measures: %(fitting)s.") % {
                "kind": rule.model.get_kind_display(),
                "fitting": fitting,
            }
            return problems
        wrong = _number_problem(measure, rule)
        if wrong:
            problems["threshold"] = wrong
        elif _recovery_problem(rule):
            problems["recovery"] = _recovery_problem(rule)
        if rule.window.total_seconds() < 60:
            problems["window"] = _("Summaries are kept by the minute: choose 00:01:00 or more.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """One window, which ends where the measure has settled."""
        measure = MEASURES[rule.measure]
        settle = subject.settle if measure.settle == "labels" else timedelta(0)
        ends = until - int(settle.total_seconds())
        return Question(
            scope_of(rule), frozenset(measure.metrics), window_edges(ends - ends % 60, rule.window), measure.past
        )

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """The measure against the number; fewer events than the minimum are no data."""
        measure, limit = MEASURES[rule.measure], rule.threshold
        if limit is None:
            raise ValueError(_("A threshold rule needs a threshold: enter one."))
        read = read_each(measure.read, subject, seen)
        few = np.isnan(read.value) | ((read.n < rule.minimum) & measure.sampled)
        breached = read.value > limit if rule.comparison == AlertRule.Comparison.ABOVE else read.value < limit
        found = np.where(
            few, NO_DATA, np.where(breached, BREACHED, np.where(_between(rule, read.value), BETWEEN, FINE))
        )
        severity = np.full(len(found), SEVERITIES.index(rule.severity))
        ends = seen.edges[-1]

        def tell(place: int) -> Judgement:
            value, n, end = float(read.value[place]), int(read.n[place]), moment(ends[place])
            known = None if math.isnan(value) else value
            if few[place] or known is None:
                reason = _("%(n)d events, %(minimum)d are needed to judge.") % {"n": n, "minimum": rule.minimum}
                return Judgement(Seen.NO_DATA, end, rule.severity, known, valid=n, reason=reason)
            good = round(known * n) if measure.unit == "ratio" and not measure.open_ended else None
            if not breached[place]:
                return Judgement(SEEN[found[place]], end, rule.severity, known, good, n)
            bound = {"seen": self.describe(rule, known), "bound": told_value(rule, limit)}
            text = _("%(seen)s, above %(bound)s") if known > limit else _("%(seen)s, below %(bound)s")
            reason, window_s = text % bound, int(rule.window.total_seconds())
            return Judgement(Seen.BREACHED, end, rule.severity, known, good, n, reason, window_s, limit)

        return Answers(found, read.value, read.n, severity, tell)

    def title(self, rule: AlertRule) -> str:
        """ "Accuracy of Credit risk below 0.90"."""
        texts = {
            "gt": _("%(measure)s of %(model)s above %(bound)s"),
            "lt": _("%(measure)s of %(model)s below %(bound)s"),
        }
        measure = MEASURES[rule.measure]
        names = {
            "measure": capfirst(str(measure.label)),
            "model": rule_model(rule),
            "bound": told_value(rule, rule.threshold),
        }
        return texts[rule.comparison] % names

    def describe(self, rule: AlertRule, value: float) -> str:
        """The measure, its value, its window."""
        measure = MEASURES.get(rule.measure)
        if measure is None:
            return number_format(value, 3)
        window = span(rule.window.total_seconds())
        names = {"measure": measure.label, "value": told_value(rule, value), "window": window}
        return _("%(measure)s %(value)s over %(window)s") % names

    def divisible(self, rule: AlertRule) -> bool:
        """Requests, tokens and cost of a shorter window are smaller."""
        return MEASURES[rule.measure].sampled

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Distance from the number, in the direction that is bad; at most as far as the number is from zero.

        So one minute with a call that cost a hundred times the limit does not weigh more than an hour below it.
        """
        scope = scope_of(rule, seen.part)
        points = read_series([rule.measure], scope, edges=edges, now=seen.window_end, subject=subject)[rule.measure]
        sign = 1 if rule.comparison == AlertRule.Comparison.ABOVE else -1
        most = abs(seen.limit) or math.inf
        far = [0.0 if point.value is None else max(-most, min(point.value - seen.limit, most)) for point in points]
        return [sign * point.n * distance for point, distance in zip(points, far, strict=True)]


def _between(rule: AlertRule, value: Floats) -> NDArray[np.bool_]:
    """Past the number at which it recovers, but not past the threshold."""
    if rule.recovery is None:
        return np.zeros(len(value), dtype=bool)
    above = rule.comparison == AlertRule.Comparison.ABOVE
    return np.asarray(value > rule.recovery if above else value < rule.recovery)


def _recovery_problem(rule: AlertRule) -> str:
    """A number on the good side of the threshold."""
    if rule.recovery is None or rule.threshold is None:
        return ""
    if not isfinite(rule.recovery):
        return _("Write the number at which it recovers, or leave it empty.")
    if rule.comparison == AlertRule.Comparison.ABOVE and rule.recovery > rule.threshold:
        return _("It fires above the threshold, so it recovers at or below it: write a smaller number.")
    if rule.comparison == AlertRule.Comparison.BELOW and rule.recovery < rule.threshold:
        return _("It fires below the threshold, so it recovers at or above it: write a greater number.")
    return ""


def _number_problem(measure: Measure, rule: AlertRule) -> str:
    """NaN is above and below nothing; a number outside of what the measure can be would never be passed."""
    if rule.threshold is None or not isfinite(rule.threshold):
        return _("Write the number that must not be crossed.")
    if rule.comparison == AlertRule.Comparison.EITHER:
        return _("A threshold has one side: choose above or below.")
    below = rule.comparison == AlertRule.Comparison.BELOW
    return _low_problem(measure, rule.threshold, below=below) or _high_problem(measure, rule.threshold, below=below)


def _low_problem(measure: Measure, number: float, *, below: bool) -> str:
    """A number that a measure which is never negative is never below, or always above."""
    if measure.lowest is None:
        return ""
    if below and number <= measure.lowest:
        return _("It is never below zero, so this could never fire: write a number above 0.")
    if not below and number < measure.lowest:
        return _("It is never below zero, so this would always fire: write 0 or a number above it.")
    return ""


def _high_problem(measure: Measure, number: float, *, below: bool) -> str:
    """A number that a fraction is never above, or always below."""
    if measure.unit != "ratio" or measure.open_ended:
        return ""
    if not below and number >= 1:
        return _("It is a fraction and never above 1, so this could never fire: write 0.05 for five in a hundred.")
    if below and number > 1:
        return _("It is a fraction and never above 1, so this would always fire: write 0.85 for 85 in a hundred.")
    return ""


def shown_value(value: float | None, unit: Unit) -> str:
    """A number with its unit; nothing for none."""
    return "" if value is None else figure(value, unit)


def told_value(rule: AlertRule, value: float | None) -> str:
    """A value of the measure of a rule with its unit, which of value is what its model counts it in; nothing for none."""
    unit = MEASURES[rule.measure].unit
    shown = shown_value(value, unit)
    return in_unit(shown, rule_model(rule).value_unit) if shown and unit == "value" else shown


KIND = Threshold()
