"""The four cards of home: is it reachable, how much budget is left, is it right, what does it cost."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib import charts
from models_registry.models import Model
from monitoring.measures.series import Point
from panel import format as write
from panel.pages.fleet import LOW_BUDGET, WHOLE_BUDGET, Judged, ModelRow
from panel.pages.indicators import main_measure


@dataclass(frozen=True, slots=True)
class Kpi:
    """One card: a figure, what it is compared with, and its shape."""

    label: str
    value: str
    detail: str
    tone: str
    spark: SafeString
    url: str


@dataclass(frozen=True, slots=True)
class Day:
    """Per model: its measures in slices of the last day, oldest first."""

    edges: list[datetime]
    series: dict[int, dict[str, list[Point]]]

    def total(self, name: str) -> list[float]:
        """A countable measure over all models, per slice."""
        columns = [points[name] for points in self.series.values() if name in points]
        return [sum(point.value or 0.0 for point in points) for points in zip(*columns, strict=True)]


def kpis(rows: list[ModelRow], worst: Judged | None, day: Day) -> list[Kpi]:
    """The cards; `worst` is the SLO with the least budget left."""
    has_llm = any(row.model.kind == Model.Kind.LLM for row in rows)
    classifier = next((row for row in rows if main_measure(row.model) == "accuracy"), None)
    cards = [_availability(rows, day), _budget(worst) if worst else _traffic(rows, day)]
    cards.append(_quality(classifier, day) if classifier else _latency(rows[0], day))
    cards.append(_cost(rows, day) if has_llm else _latency(rows[0], day))
    return cards


def _model_url(row: ModelRow) -> str:
    return reverse("panel:model", args=[row.model.project.slug, row.model.slug])


def _availability(rows: list[ModelRow], day: Day) -> Kpi:
    """Requests without an error over all models; 24 h."""
    requests = day.total("requests")
    errors = [
        sum((point.value or 0.0) * point.n for point in points)
        for points in zip(*(series["error_rate"] for series in day.series.values()), strict=True)
    ]
    valid = sum(requests)
    shape = [1 - bad / n if n else None for bad, n in zip(errors, requests, strict=True)]
    return Kpi(
        _("Availability, 24 h"),
        write.percent_floor(1 - sum(errors) / valid if valid else None),
        _("%(count)s requests") % {"count": write.compact(valid)},
        "",
        charts.sparkline(shape, title=_("Availability over the last 24 hours")),
        reverse("panel:models", args=[rows[0].model.project.slug]),
    )


def _budget(worst: Judged) -> Kpi:
    """The SLO with the least budget left."""
    left = worst.status.budget_left
    tone = "" if left is None or left > LOW_BUDGET else ("warn" if left > 0 else "bad")
    tone = "bad" if worst.status.state == "burning" else tone
    return Kpi(
        _("Error budget, lowest"),
        write.percent_floor(left, 0),
        str(worst.slo),
        tone,
        charts.sparkline(
            worst.status.daily,
            title=_("Budget left of %(slo)s") % {"slo": worst.slo},
            tone=tone or "accent",
            bounds=WHOLE_BUDGET,
        ),
        reverse("panel:slo", args=[worst.slo.project.slug, worst.slo.slug]),
    )


def _quality(row: ModelRow, day: Day) -> Kpi:
    points = day.series[row.model.pk]["accuracy"]
    return Kpi(
        _("%(label)s, %(model)s") % {"label": row.quality_label, "model": row.model},
        row.quality_text,
        _("24 h · n %(n)s labelled") % {"n": write.compact(row.quality.n)},
        "",
        charts.sparkline([point.value for point in points], title=_("Accuracy over the last 24 hours")),
        _model_url(row),
    )


def _latency(row: ModelRow, day: Day) -> Kpi:
    points = day.series[row.model.pk]["latency_p95"]
    return Kpi(
        _("p95 latency, %(model)s") % {"model": row.model},
        write.milliseconds(row.latency.value),
        _("last hour · n %(n)s") % {"n": write.compact(row.latency.n)},
        "",
        charts.sparkline([point.value for point in points], title=_("p95 latency over the last 24 hours")),
        _model_url(row),
    )


def _traffic(rows: list[ModelRow], day: Day) -> Kpi:
    return Kpi(
        _("Traffic"),
        write.rate(sum(row.traffic or 0.0 for row in rows)),
        _("last 15 minutes, all models"),
        "",
        charts.sparkline(day.total("requests"), title=_("Requests over the last 24 hours")),
        reverse("panel:models", args=[rows[0].model.project.slug]),
    )


def _cost(rows: list[ModelRow], day: Day) -> Kpi:
    """Of the calls whose cost is known; how many are not is said, for unpriced is not free."""
    llms = [row for row in rows if row.model.kind == Model.Kind.LLM]
    points = [point for row in llms for point in day.series[row.model.pk]["cost_usd"]]
    calls = sum(point.value or 0.0 for row in llms for point in day.series[row.model.pk]["requests"])
    priced = sum(point.n for point in points)
    spent = sum(point.value or 0.0 for point in points) if priced else None
    lacking = round(calls) - priced
    told = [] if spent is None else [_("%(each)s per call") % {"each": write.money(spent / priced)}]
    if lacking > 0:
        unknown = ngettext("%(n)s call without a known cost", "%(n)s calls without a known cost", lacking)
        told.append(unknown % {"n": write.compact(lacking)})
    return Kpi(
        _("LLM cost, 24 h"),
        write.money(spent),
        " · ".join(told),
        "",
        charts.sparkline(day.total("cost_usd"), title=_("LLM cost over the last 24 hours")),
        _model_url(llms[0]),
    )
