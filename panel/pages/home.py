"""Home: the verdict, four figures, the series that matters now, a day in one strip, every model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import Incident
from lib import charts
from models_registry.models import Deployment, Model, Project
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Point, Wanted, points_of, readings_of
from monitoring.selectors.summaries import read_tallies_of
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject
from panel import format as write
from panel.pages import history
from panel.pages.fleet import Judged, ModelRow, fleet
from panel.pages.indicators import is_estimate, main_measure, scope_of, shown
from panel.pages.kpis import Day, Kpi, kpis
from panel.pages.plot import Band, Chart, Line, Threshold
from panel.pages.ranges import Range
from panel.pages.verdict import Verdict, cause_of, figure_wanted, verdict, worst_first

SLICE = timedelta(minutes=15)
DAY = timedelta(days=1)


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
    """None when the project has no model yet: home then teaches how to send the first event.

    Summaries are read twice: what is true of every model, then what tells more of the worst of it.
    """
    hurt, slos = history.incidents_and_slos(project, min(now - DAY, span.begins(now=now)))
    incidents = worst_first(one for one in hurt if not one.is_over)
    edges = _day_edges(now)
    seen = fleet(project, incidents, now=now, series=lambda model, subject: _day_wanted(model, subject, edges))
    rows = seen.rows
    if not rows:
        return None
    day, named = Day(edges, seen.series), cause_of(rows, incidents, slos)
    focus, cause = _focus(rows, named)
    worst = seen.judged[0] if seen.judged else None
    more = _look_closer(focus, cause, named, span, now=now)
    return Home(
        verdict=verdict(project, rows, incidents, cause=named, reading=more.reading, now=now),
        kpis=kpis(rows, worst, day),
        chart=_focus_chart(focus, cause, more, hurt, seen.deployments),
        strip=_strip(day, history.bands_of(hurt, start=now - DAY, end=now), now=now),
        rows=rows,
        exceptions=[one for one in seen.judged if one.status.state != "ok"],
    )


def _focus(rows: list[ModelRow], named: Judged | None) -> tuple[ModelRow, Judged | None]:
    """The model that the chart is about, and the SLO behind it."""
    cause = named or rows[0].worst
    return next((row for row in rows if cause and row.model.pk == cause.slo.model_id), rows[0]), cause


@dataclass(frozen=True, slots=True)
class _Closer:
    """What was read once the worst was known."""

    chart: Wanted
    series: dict[str, list[Point]]
    reading: Reading | None


def _look_closer(focus: ModelRow, cause: Judged | None, named: Judged | None, span: Range, *, now: datetime) -> _Closer:
    """The chart's series and the figure of the verdict's sentence: one query."""
    chart = _chart_wanted(focus, cause, span, now=now)
    figure = figure_wanted(named, focus.subject, now=now) if named else None
    drawn, told = read_tallies_of([chart.ask, figure.ask if figure else chart.ask])
    reading = next(iter(readings_of(figure, told).values())) if figure else None
    return _Closer(chart, points_of(chart, drawn, now=now), reading)


def _day_edges(now: datetime) -> list[datetime]:
    end = now.replace(second=0, microsecond=0)
    return [end - DAY + SLICE * step for step in range(int(DAY / SLICE) + 1)]


def _day_wanted(model: Model, subject: Subject, edges: Sequence[datetime]) -> Wanted:
    return Wanted(_day_names(model), scope_of(model), tuple(edges), subject)


def _day_names(model: Model) -> tuple[str, ...]:
    names = ("requests", "error_rate", "latency_p95", main_measure(model))
    return (*names, "cost_usd") if model.kind == Model.Kind.LLM else names


def _chart_wanted(row: ModelRow, cause: Judged | None, span: Range, *, now: datetime) -> Wanted:
    """What the verdict speaks of: the measure of the SLO behind it, else the model's main one."""
    seen = shown(cause.slo) if cause is not None else None
    name = seen.measure if seen is not None else main_measure(row.model)
    names = ("latency_p95", "latency_p50") if name == "latency_p95" else (name,)
    _start, edges = span.edges(now=now, sampled=is_estimate(name))
    return Wanted(names, scope_of(row.model), tuple(edges), row.subject)


def _focus_chart(
    row: ModelRow, cause: Judged | None, more: _Closer, hurt: Iterable[Incident], changes: Iterable[Deployment]
) -> Chart:
    seen = shown(cause.slo) if cause is not None else None
    wanted, series = more.chart, more.series
    name, start, end = wanted.names[0], wanted.edges[0], wanted.edges[-1]
    return Chart(
        slug="focus",
        title=f"{capfirst(str(MEASURES[name].label))} · {row.model}",
        unit=MEASURES[name].unit,
        lines=[
            Line(capfirst(str(MEASURES[one].label)), series[one], tone, show_range=len(wanted.names) == 1)
            for one, tone in zip(wanted.names, ("accent", "second"), strict=False)
        ],
        start=start,
        end=end,
        bands=history.bands_of(hurt, start=start, end=end, model=row.model),
        marks=history.marks_of(changes, row.model, start=start, end=end),
        threshold=Threshold(seen.bound, _("objective %(bound)s") % {"bound": seen.objective}) if seen else None,
    )


def _strip(day: Day, incidents: list[Band], *, now: datetime) -> Strip:
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
