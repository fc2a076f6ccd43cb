"""Home: the verdict, four figures, the series that matters now, a day in one strip, every model."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from lib import charts
from models_registry.models import Model, Project
from monitoring.measures import MEASURES, Point, Wanted, read_series, read_series_of
from monitoring.selectors.summaries import read_tallies_of
from monitoring.slo import ask_budget, budget_of
from panel import format as write
from panel.pages import history
from panel.pages.fleet import LOW_BUDGET, Judged, ModelRow, fleet, judge_all
from panel.pages.indicators import is_estimate, main_measure, scope_of, shown
from panel.pages.plot import Band, Chart, Line, Threshold
from panel.pages.ranges import Range
from panel.pages.verdict import Verdict, verdict

SLICE = timedelta(minutes=15)
DAY = timedelta(days=1)
SPARK_POINTS = 48


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
class Strip:
    """A day in slices of fifteen minutes."""

    drawing: SafeString
    start: datetime
    end: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Home:
    """All that home shows."""

    verdict: Verdict
    kpis: list[Kpi]
    chart: Chart
    strip: Strip
    rows: list[ModelRow]
    exceptions: list[Judged]


def home_page(project: Project, span: Range, *, now: datetime) -> Home | None:
    """None when the project has no model yet: home then teaches how to send the first event."""
    judged = judge_all(project, now=now)
    rows = fleet(project, judged, now=now)
    if not rows:
        return None
    day = _day(rows, now=now)
    incidents = history.bands(project=project, start=now - DAY, end=now)
    told = verdict(project, rows, now=now)
    cause = told.cause or rows[0].worst
    focus = next((row for row in rows if cause and row.model.pk == cause.slo.model_id), rows[0])
    return Home(
        verdict=told,
        kpis=_kpis(project, rows, judged, day, now=now),
        chart=_focus_chart(focus, cause, span, now=now),
        strip=_strip(day, incidents, now=now),
        rows=rows,
        exceptions=[one for one in judged if one.status.state != "ok"],
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """Per model: its measures in slices of the last day, oldest first."""

    edges: list[datetime]
    series: dict[int, dict[str, list[Point]]]

    def total(self, name: str) -> list[float]:
        """A countable measure over all models, per slice."""
        columns = [points[name] for points in self.series.values() if name in points]
        return [sum(point.value or 0.0 for point in points) for points in zip(*columns, strict=True)]


def _day(rows: list[ModelRow], *, now: datetime) -> _Day:
    end = now.replace(second=0, microsecond=0)
    edges = [end - DAY + SLICE * step for step in range(int(DAY / SLICE) + 1)]
    wanted = [Wanted(_day_names(row.model), scope_of(row.model), tuple(edges), row.subject) for row in rows]
    series = read_series_of(wanted, now=now)
    return _Day(edges, {row.model.pk: found for row, found in zip(rows, series, strict=True)})


def _day_names(model: Model) -> tuple[str, ...]:
    names = ("requests", "error_rate", "latency_p95", main_measure(model))
    return (*names, "cost_usd") if model.kind == Model.Kind.LLM else names


def _kpis(project: Project, rows: list[ModelRow], judged: list[Judged], day: _Day, *, now: datetime) -> list[Kpi]:
    has_llm = any(row.model.kind == Model.Kind.LLM for row in rows)
    classifier = next((row for row in rows if main_measure(row.model) == "accuracy"), None)
    cards = [_availability(rows, day), _budget(rows, judged) if judged else _traffic(rows, day)]
    cards.append(_quality(classifier, day) if classifier else _latency(rows[0], day))
    cards.append(_cost(rows, day, now=now) if has_llm else _latency(rows[0], day))
    return cards


def _model_url(row: ModelRow) -> str:
    return reverse("panel:model", args=[row.model.project.slug, row.model.slug])


def _availability(rows: list[ModelRow], day: _Day) -> Kpi:
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


def _budget(rows: list[ModelRow], judged: list[Judged]) -> Kpi:
    """The SLO with the least budget left."""
    worst = judged[0]
    left = worst.status.budget_left
    tone = "" if left is None or left > LOW_BUDGET else ("warn" if left > 0 else "bad")
    tone = "bad" if worst.status.state == "burning" else tone
    subject = next(row.subject for row in rows if row.model.pk == worst.slo.model_id)
    spent = read_tallies_of([ask_budget(worst.slo, end=worst.status.window_end, points=SPARK_POINTS)])[0]
    shape = [value for _at, value in budget_of(worst.slo, subject, spent)]
    return Kpi(
        _("Error budget, lowest"),
        write.percent_floor(left, 0),
        str(worst.slo),
        tone,
        charts.sparkline(shape, title=_("Budget left of %(slo)s") % {"slo": worst.slo}, tone=tone or "accent"),
        reverse("panel:slo", args=[worst.slo.project.slug, worst.slo.slug]),
    )


def _quality(row: ModelRow, day: _Day) -> Kpi:
    points = day.series[row.model.pk]["accuracy"]
    return Kpi(
        _("%(label)s, %(model)s") % {"label": row.quality_label, "model": row.model},
        row.quality_text,
        _("24 h · n %(n)s labelled") % {"n": write.compact(row.quality.n)},
        "",
        charts.sparkline([point.value for point in points], title=_("Accuracy over the last 24 hours")),
        _model_url(row),
    )


def _latency(row: ModelRow, day: _Day) -> Kpi:
    points = day.series[row.model.pk]["latency_p95"]
    return Kpi(
        _("p95 latency, %(model)s") % {"model": row.model},
        write.milliseconds(row.latency.value),
        _("last hour · n %(n)s") % {"n": write.compact(row.latency.n)},
        "",
        charts.sparkline([point.value for point in points], title=_("p95 latency over the last 24 hours")),
        _model_url(row),
    )


def _traffic(rows: list[ModelRow], day: _Day) -> Kpi:
    return Kpi(
        _("Traffic"),
        write.rate(sum(row.traffic or 0.0 for row in rows)),
        _("last 15 minutes, all models"),
        "",
        charts.sparkline(day.total("requests"), title=_("Requests over the last 24 hours")),
        reverse("panel:models", args=[rows[0].model.project.slug]),
    )


def _cost(rows: list[ModelRow], day: _Day, *, now: datetime) -> Kpi:
    """As the clients report it."""
    costs = day.total("cost_usd")
    calls = sum(
        point.value or 0.0
        for row in rows
        if row.model.kind == Model.Kind.LLM
        for point in day.series[row.model.pk]["requests"]
    )
    first = next(row for row in rows if row.model.kind == Model.Kind.LLM)
    return Kpi(
        _("LLM cost, 24 h"),
        write.money(sum(costs)),
        _("%(each)s per call") % {"each": write.money(sum(costs) / calls if calls else None)},
        "",
        charts.sparkline(costs, title=_("LLM cost over the last 24 hours")),
        _model_url(first),
    )


def _focus_chart(row: ModelRow, cause: Judged | None, span: Range, *, now: datetime) -> Chart:
    """What the verdict speaks of: the measure of the SLO behind it, else the model's main one."""
    seen = shown(cause.slo) if cause is not None else None
    name = seen.measure if seen else main_measure(row.model)
    names = ["latency_p95", "latency_p50"] if name == "latency_p95" else [name]
    start, edges = span.edges(now=now, sampled=is_estimate(name))
    series = read_series(names, scope_of(row.model), edges=edges, now=now, subject=row.subject)
    label = capfirst(str(MEASURES[name].label))
    return Chart(
        slug="focus",
        title=f"{label} · {row.model}",
        unit=MEASURES[name].unit,
        lines=[
            Line(capfirst(str(MEASURES[one].label)), series[one], tone, show_range=one == name and len(names) == 1)
            for one, tone in zip(names, ("accent", "second"), strict=False)
        ],
        start=start,
        end=edges[-1],
        bands=history.bands(model=row.model, start=start, end=edges[-1]),
        marks=history.marks(row.model, start=start, end=edges[-1]),
        threshold=Threshold(seen.bound, _("objective %(bound)s") % {"bound": seen.objective}) if seen else None,
    )


def _strip(day: _Day, incidents: list[Band], *, now: datetime) -> Strip:
    """A slice is as bad as the incident it lies in; a slice without events is no health."""
    cells, bad, silent = [], 0, 0
    requests = day.total("requests")
    for start, end, n in zip(day.edges, day.edges[1:], requests, strict=False):
        inside = next((one for one in incidents if one.start < end and one.end > start), None)
        tone = "bad" if inside else "ok" if n else "none"
        bad += tone == "bad"
        silent += tone == "none"
        words = inside.label if inside else (_("healthy") if n else _("no data"))
        cells.append(charts.Cell(tone, f"{write.moment(start, now=now)} · {words} · n {write.number(n)}"))
    words = _("%(good)s of %(all)s slices without an incident, %(silent)s without data") % {
        "good": len(cells) - bad - silent,
        "all": len(cells),
        "silent": silent,
    }
    return Strip(charts.status_strip(cells, title=words), day.edges[0], day.edges[-1], words)
