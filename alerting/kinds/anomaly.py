"""A rule on anomalies: a measure far from what it was in the same hours of earlier weeks."""

from datetime import timedelta
from math import isfinite, isnan
from typing import Final

import numpy as np
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    BREACHED,
    FINE,
    NO_DATA,
    SEVERITIES,
    Answers,
    Indivisible,
    Judgement,
    model_problems,
    moment,
    rule_model,
    scope_of,
)
from alerting.kinds.threshold import told_value
from alerting.models import AlertRule
from alerting.states.machine import SEEN, Seen
from monitoring.catalogue import MEASURES, in_words, measures_for
from monitoring.catalogue.units import span
from monitoring.selectors.history import Question, window_edges
from monitoring.stats.tally import Subject
from monitoring.stats.usual import FEWEST, band
from monitoring.stats.windows import Integers, Windows, read_each, read_past

WEEKS: Final = 8
WEEK: Final = timedelta(days=7)
HOUR_S: Final = 3_600
FACTOR: Final = 4.0


class Anomaly(Indivisible):  # a part of the window has another past
    """Outside of the median of up to eight weeks by more than the threshold's (4 unless given) robust deviations.

    Windows are whole hours: of earlier weeks nothing finer is kept for long.
    """

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A measure of the model that compares with no past itself, over hours."""
        problems = model_problems(rule, _("An anomaly rule watches one model: choose it."))
        if rule.model is None:
            return problems
        measure = MEASURES.get(rule.measure)
        if measure is None or measure.past or rule.model.kind not in measure.kinds:
            fitting = in_words(fit for fit in measures_for(rule.model.kind) if not fit.past)
            problems["measure"] = _("Models of this kind (%(kind)s) have these measures: %(fitting)s.") % {
                "kind": rule.model.get_kind_display(),
                "fitting": fitting,
            }
        if rule.threshold is not None and not (isfinite(rule.threshold) and rule.threshold >= 1):
            problems["threshold"] = _("Write how many deviations are too many, 1 or more, or leave it empty.")
        if not HOUR_S <= rule.window.total_seconds() <= WEEK.total_seconds() or rule.window.total_seconds() % HOUR_S:
            problems["window"] = _("The past is kept by the hour: choose whole hours, from 01:00:00 to 7 days.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """The hours that have passed and settled, and those of eight weeks before."""
        measure = MEASURES[rule.measure]
        ends = until - (int(subject.settle.total_seconds()) if measure.settle == "labels" else 0)
        past = tuple(WEEK * week for week in range(1, WEEKS + 1))
        edges = window_edges(ends - ends % HOUR_S, rule.window)
        return Question(scope_of(rule), frozenset(measure.metrics), edges, past)

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """Outside of the band, on the side that the rule names."""
        measure = MEASURES[rule.measure]
        read = read_each(measure.read, subject, seen)
        low, high = band(read_past(measure.read, subject, seen), rule.threshold or FACTOR)
        few = np.isnan(read.value) | np.isnan(low) | ((read.n < rule.minimum) & measure.sampled)
        above = (read.value > high) & (rule.comparison != AlertRule.Comparison.BELOW)
        below = (read.value < low) & (rule.comparison != AlertRule.Comparison.ABOVE)
        found = np.where(few, NO_DATA, np.where(above | below, BREACHED, FINE))

        def tell(place: int) -> Judgement:
            value, state = float(read.value[place]), SEEN[found[place]]
            known, n = None if isnan(value) else value, int(read.n[place])
            about = {
                "seen": self.describe(rule, value) if known is not None else "",
                "low": told_value(rule, float(low[place])),
                "high": told_value(rule, float(high[place])),
                "n": n,
                "minimum": rule.minimum,
                "weeks": FEWEST,
            }
            reason = ""
            if state == Seen.BREACHED:
                reason = _("%(seen)s, where %(low)s to %(high)s are usual at this hour of the week") % about
            elif state == Seen.NO_DATA and isnan(low[place]):
                reason = (
                    _("Fewer than %(weeks)d earlier weeks have data at this hour: nobody knows what is usual.") % about
                )
            elif state == Seen.NO_DATA:
                reason = _("%(n)d events, %(minimum)d are needed to judge.") % about
            end, window_s = moment(seen.edges[-1, place]), int(rule.window.total_seconds())
            limit = float(high[place] if above[place] else low[place])
            return Judgement(state, end, rule.severity, known, None, n, reason, window_s, limit)

        severity = np.full(len(found), SEVERITIES.index(rule.severity))
        return Answers(found, read.value, read.n, severity, tell, low, high)

    def title(self, rule: AlertRule) -> str:
        """The measure and its model."""
        names = {"measure": capfirst(str(MEASURES[rule.measure].label)), "model": rule_model(rule)}
        return _("%(measure)s of %(model)s is unusual for this hour of the week") % names

    def describe(self, rule: AlertRule, value: float) -> str:
        """The measure, its value, its window."""
        measure, window = MEASURES[rule.measure], span(rule.window.total_seconds())
        names = {"measure": measure.label, "value": told_value(rule, value), "window": window}
        return _("%(measure)s %(value)s over %(window)s") % names


KIND = Anomaly()
