"""A rule on the assumption behind estimates: what was realised has left what was estimated."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import Answers, Judgement, judge_each, model_problems, rule_model, scope_of
from alerting.kinds.inputs import UNDECIDED
from alerting.models import AlertRule
from alerting.states.machine import Seen
from monitoring.catalogue import MEASURES
from monitoring.quality.track_record import ask_track, suspected_names, track_metrics
from monitoring.selectors.history import Question, window_edges
from monitoring.selectors.summaries import read_tallies_of
from monitoring.stats.estimated import estimate_of
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.track import FLOOR, Entry, entry_of
from monitoring.stats.windows import Integers, Windows

DEFAULT = "accuracy"


class ConceptDrift:
    """Both gates: further apart than chance makes them, and by at least the threshold (0.02 unless given)."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A model whose performance is estimated, by one of these measures."""
        problems = model_problems(rule, _("This rule watches the estimates of one model: choose it."))
        if rule.model is None or problems:
            return problems
        names = suspected_names(rule.model.kind)
        if not names:
            problems["model"] = _("The performance of this kind of model is not estimated: choose a classifier.")
        elif watched(rule) not in names:
            problems["measure"] = _("These measures are estimated: %(names)s.") % {"names": ", ".join(names)}
        if rule.threshold is not None and not (isfinite(rule.threshold) and 0 <= rule.threshold < 1):
            problems["threshold"] = _("Write a number from 0 to below 1, or leave it empty.")
        if rule.window.total_seconds() < 3_600:
            problems["window"] = _("A shorter window has too few labels: choose 01:00:00 or more.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """One window, which ends where labels have settled."""
        ends = until - int(subject.settle.total_seconds())
        scope = scope_of(rule)
        return Question(scope, track_metrics([watched(rule)]), window_edges(ends - ends % 60, rule.window))

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """Window by window."""
        return judge_each(lambda parts: self._judge(rule, subject, parts), seen)

    def _judge(self, rule: AlertRule, subject: Subject, seen: Sequence[Tally]) -> Judgement:
        """Realised against estimated; fewer labelled events than the minimum are no data."""
        entry = self._entry(rule, subject, seen[-1])
        n, floor = entry.realised.n, _floor(rule)
        if entry.estimate.value is None:
            reason = _("There is no estimate: the version needs scores and an estimator.")
            return Judgement(Seen.NO_DATA, entry.end, rule.severity, valid=n, reason=reason)
        if entry.realised.value is None or n < rule.minimum:
            reason = _("%(n)d labelled events, %(minimum)d are needed to judge.") % {"n": n, "minimum": rule.minimum}
            return Judgement(Seen.NO_DATA, entry.end, rule.severity, valid=n, reason=reason)
        value = abs(entry.stray)
        if not entry.is_suspect(floor):
            return Judgement(Seen.FINE, entry.end, rule.severity, value, None, n)
        text = _(
            "%(measure)s is %(realised)s, estimated were %(estimated)s ± %(error)s: the scores no longer mean what they meant; "
            "n %(n)s"
        )
        reason = text % {
            "measure": MEASURES[watched(rule)].label,
            "realised": number_format(entry.realised.value, 3),
            "estimated": number_format(entry.estimate.value, 3),
            "error": number_format(entry.error, 3),
            "n": number_format(n),
        }
        window_s = int(rule.window.total_seconds())
        return Judgement(Seen.BREACHED, entry.end, rule.severity, value, None, n, reason, window_s, floor)

    def title(self, rule: AlertRule) -> str:
        """The model."""
        return _("Concept drift suspected in %(model)s") % {"model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """How far reality is from the estimate."""
        names = {"measure": MEASURES[watched(rule)].label, "value": number_format(value, 3)}
        return _("%(measure)s %(value)s away from its estimate") % names

    def divisible(self, rule: AlertRule) -> bool:
        """Every part has an estimate of its own."""
        return True

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """How far beyond the floor each slice is; one without labels or estimate speaks for neither side."""
        tallies = read_tallies_of([ask_track([watched(rule)], scope_of(rule, seen.part), edges)])[0]
        entries = [self._entry(rule, subject, tally) for tally in tallies]
        return [
            entry.realised.n * (abs(entry.stray) - seen.limit) if entry.state == "mature" else UNDECIDED
            for entry in entries
        ]

    def _entry(self, rule: AlertRule, subject: Subject, tally: Tally) -> Entry:
        name = watched(rule)
        realised = MEASURES[name].read(tally, subject)
        return entry_of(tally.start, tally.end, estimate_of(name, tally, subject), realised, is_mature=True)


def watched(rule: AlertRule) -> str:
    """The measure whose estimate is held against reality."""
    return rule.measure or DEFAULT


def _floor(rule: AlertRule) -> float:
    return FLOOR if rule.threshold is None else rule.threshold


KIND = ConceptDrift()
