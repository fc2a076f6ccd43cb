"""What both kinds of rules about a model's inputs share: whose, over which window, and how a column is named."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isfinite

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    Answers,
    Judgement,
    judge_each,
    model_problems,
    moment,
    scope_of,
)
from alerting.models import AlertRule
from alerting.states.machine import Seen
from models_registry.models import Model
from monitoring.selectors.drift import reports_of
from monitoring.selectors.history import Question, window_edges
from monitoring.selectors.summaries import read_tallies
from monitoring.stats.inputs import FeatureReport, Report
from monitoring.stats.integrity import Fault
from monitoring.stats.layouts import FEATURES
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.windows import Integers, Windows

NAMED = 5  # columns named in a reason
UNDECIDED = 1e-9


class InputsRule(ABC):
    """A rule that watches the features of one model, whichever of its versions have a reference."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """A model with features, and a window that holds an hour."""
        problems = model_problems(rule, _("This rule watches the inputs of one model: choose it."))
        if rule.model is None:
            return problems
        if rule.model.kind == Model.Kind.LLM:
            problems["model"] = _("Calls of language models have no features: choose a classifier or a regression.")
        if rule.threshold is not None and not (isfinite(rule.threshold) and rule.threshold >= 0):
            problems["threshold"] = _("Write a number that is not negative, or leave it empty.")
        if rule.window.total_seconds() < 3_600:
            problems["window"] = _("Features are counted by the hour: choose 01:00:00 or more.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """One window up to now; it is read in whole hours."""
        edges = window_edges(until - until % 60, rule.window)
        return Question(scope_of(rule), frozenset({FEATURES}), edges, self.past(rule, moment(edges[-1, -1])))

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """Window by window; the hour's features are judged once."""
        return judge_each(lambda parts: self.judge_one(rule, parts), seen)

    @abstractmethod
    def judge_one(self, rule: AlertRule, seen: Sequence[Tally]) -> Judgement:
        """The answer at one instant."""

    def past(self, rule: AlertRule, end: datetime) -> tuple[timedelta, ...]:
        """By how much earlier the windows are that it compares with; none for the reference itself."""
        return ()

    def divisible(self, rule: AlertRule) -> bool:
        """By the hour: an hour's features fall into the slice that holds its beginning. Not where the past is asked."""
        return rule.against == AlertRule.Against.REFERENCE

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """By how much each slice passes the limit; an hour of which too little has come speaks for neither side."""
        tallies = read_tallies(scope_of(rule, seen.part), {FEATURES}, edges=edges)
        slices = [reports_of(tally, floor=seen.limit) for tally in tallies]
        return [max((self.surplus(one, seen.limit) for one in reports), default=0.0) for reports in slices]

    @abstractmethod
    def surplus(self, report: Report, limit: float) -> float:
        """By how much one report passes the limit, weighted by its predictions."""


def unjudged(rule: AlertRule, seen: Tally, report: Report | None) -> Judgement:
    """No verdict, with the reason."""
    rows = report.rows if report else 0
    if report is None:
        reason = _("No predictions in this window of a version that has a reference.")
    elif report.state == "other_features":
        reason = _("None of the reference's features arrives.")
    elif report.state == "few_past":
        reason = _("The matching hours of the past have too few predictions to compare with.")
    else:
        reason = _("%(n)d predictions are too few, or no feature of the reference can be judged.") % {"n": rows}
    return Judgement(Seen.NO_DATA, seen.end, rule.severity, valid=rows, reason=reason)


def listed(texts: Sequence[str]) -> str:
    """The first few, and how many more."""
    named = ", ".join(texts[:NAMED])
    more = len(texts) - NAMED
    return _("%(named)s and %(more)d more") % {"named": named, "more": more} if more > 0 else named


def drift_text(one: FeatureReport) -> str:
    """ "income (PSI 0.83)"."""
    psi = number_format(one.shift.psi if one.shift else 0.0, 2)
    return f"{one.feature.name} (PSI {psi})"


def fault_text(fault: Fault) -> str:
    """ "60 % null (reference 2 %)"."""
    texts = {
        "nulls": _("%(share)s null (reference %(usual)s)"),
        "not_numbers": _("%(share)s are no numbers (reference %(usual)s)"),
        "out_of_range": _("%(share)s out of range (reference %(usual)s)"),
        "never_seen": _("%(share)s never seen before (reference %(usual)s)"),
        "constant": _("one value only, as far as its bins tell (the commonest has %(usual)s in the reference)"),
    }
    return texts[fault.kind] % {"share": _percent(fault.share), "usual": _percent(fault.usual)}


def _percent(share: float) -> str:
    return f"{number_format(100 * share, 0 if share >= 0.1 or not share else 1)}\u00a0%"
