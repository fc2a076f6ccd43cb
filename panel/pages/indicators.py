"""How an SLO's indicator is shown: the measure a person reads and the value that measure should respect."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from models_registry.models import Model
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Wanted
from monitoring.models import COMPOSITE, SLO, TIME_SLICES
from monitoring.selectors.components import load_components
from monitoring.selectors.summaries import Scope
from monitoring.slo.indicators import INDICATORS
from monitoring.stats.evaluated import measure_name, parse_indicator
from monitoring.stats.layouts import HOURLY
from monitoring.stats.tally import Subject
from panel import format as write

FEW = 30  # a figure of fewer events is marked
SHOWN_AS = {
    "availability": "error_rate",
    "latency": "latency_p95",
    "logs_not_error": "error_log_rate",
    "not_truncated": "truncation_rate",
    "feedback_not_negative": "feedback_negative_rate",
    "answers_not_bad": "bad_answer_rate",
    "evaluations_passed": "evaluation_pass_rate",
}
"""Indicator to measure, where their names differ; the other indicators are measures themselves."""


MAIN = {
    Model.Kind.LLM: "truncation_rate",
    Model.Kind.REGRESSION: "mae",
    Model.Kind.SERVICE: "error_log_rate",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure beside the value it should respect, as text and as numbers."""

    measure: str
    label: str
    unit: str
    bound: float
    at_most: bool

    @property
    def objective(self) -> str:
        """At most 300 ms; at least 90 %."""
        text = write.percent_exact(self.bound) if self.unit == "ratio" else write.figure(self.bound, self.unit)
        return (_("at most %(bound)s") if self.at_most else _("at least %(bound)s")) % {"bound": text}


def shown(slo: SLO) -> Shown | None:
    """The measure of an SLO and its bound: a latency in ms, a rate of failure, or a rate of success. None of a composite."""
    return None if slo.sli == COMPOSITE else _shown(slo)


def measure_of(slo: SLO) -> str:
    """The measure that a person reads of it."""
    if slo.sli == TIME_SLICES:
        return slo.measure
    evaluator = parse_indicator(slo.sli)
    return measure_name(evaluator, "pass_rate") if evaluator else SHOWN_AS.get(slo.sli, slo.sli)


def _shown(slo: SLO) -> Shown:
    name = measure_of(slo)
    measure = MEASURES[name]
    at_most = slo.comparison == SLO.Comparison.AT_MOST if slo.sli == TIME_SLICES else measure.better == "lower"
    if slo.sli == TIME_SLICES:
        bound = slo.bound or 0.0
    elif slo.sli == "latency":
        bound = slo.bound_ms or 0.0
    else:
        good = slo.slice_target or slo.target
        bound = 1 - good if at_most else good
    return Shown(name, capfirst(str(measure.label)), measure.unit, round(bound, 9), at_most)


def promised(slo: SLO) -> str:
    """What counts as good, in a line."""
    if slo.sli == COMPOSITE:
        return _composed(slo)
    if slo.sli != TIME_SLICES:
        return _counted(slo)
    seen = _shown(slo)
    told = _("%(label)s %(objective)s, judged by slices of %(slice)s")
    return told % {"label": seen.label, "objective": seen.objective, "slice": write.span(slo.sliced)}


def _composed(slo: SLO) -> str:
    """How it is made, and of how many."""
    load_components([slo])
    count = len(slo.parts or ())
    if slo.composition == SLO.Composition.MINIMUM:
        text = ngettext("The worst of %(count)d SLO", "The worst of %(count)d SLOs", count)
    elif slo.composition == SLO.Composition.PRODUCT:
        text = ngettext("%(count)d SLO, one after the other", "%(count)d SLOs, one after the other", count)
    else:
        text = ngettext("The weighted mean of %(count)d SLO", "The weighted mean of %(count)d SLOs", count)
    return text % {"count": count}


def _counted(slo: SLO) -> str:
    """An indicator of events, and how slices of time are judged by it."""
    label = capfirst(str(INDICATORS[slo.sli]))
    if slo.method == SLO.Method.TIMESLICES:
        told = _("%(label)s: at least %(share)s of them in each slice of %(slice)s")
        share = write.percent_exact(slo.slice_target or 0.0)
        return told % {"label": label, "share": share, "slice": write.span(slo.sliced)}
    if slo.method == SLO.Method.RATIO_TIMESLICES:
        return _("%(label)s: the mean over slices of %(slice)s") % {"label": label, "slice": write.span(slo.sliced)}
    return label


def window_words(slo: SLO) -> str:
    """30 d; the month (America/Sao_Paulo)."""
    if not slo.calendar:
        return write.span(slo.window)
    periods = {"day": _("the day"), "week": _("the week"), "month": _("the month"), "quarter": _("the quarter")}
    return f"{periods[slo.calendar]} ({slo.zone})"


def is_estimate(name: str) -> bool:
    """A share of events, which a small n makes jump about, or what is summed by the hour: drawn over steps of an hour or more."""
    measure = MEASURES[name]
    return bool(HOURLY & set(measure.metrics)) or (measure.sampled and measure.unit in {"ratio", "score", "target"})


def scope_of(model: Model, *, environment: str | None = None, version_id: int | None = None) -> Scope:
    """All of a model, or one environment or version of it."""
    return Scope(project_id=model.project_id, model_id=model.pk, version_id=version_id, environment=environment)


def settled(subject: Subject, name: str, *, now: datetime) -> datetime:
    """Until when a measure can be trusted: quality waits for its labels."""
    return now - subject.settle if MEASURES[name].settle == "labels" else now


def recent(name: str, model: Model, subject: Subject, *, now: datetime, width: timedelta) -> Wanted:
    """The measure over the newest settled window of that width."""
    end = settled(subject, name, now=now)
    return Wanted((name,), scope_of(model), (end - width, end), subject)


def main_measure(model: Model) -> str:
    """What a model is read by first: is it right (classifiers), how near (regressions), is it complete (LLM applications), does it complain (services)."""
    return MAIN.get(Model.Kind(model.kind), "accuracy")
