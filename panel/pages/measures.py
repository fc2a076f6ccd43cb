"""Any measure of any model over time, with what it means, and the way to promise it or to be warned of it.

After those of the catalogue come those of the metrics that the model itself or its scrape targets tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models_registry.models import Model, Project
from monitoring.catalogue import MEASURES, NEEDS, Measure, measures_for
from monitoring.measures.series import read_series, subjects_of
from monitoring.selectors.evaluations import measures_by_model
from monitoring.selectors.metrics import metrics_of
from monitoring.stats.metrics import parse_measure
from panel import format as write
from panel.pages import history
from panel.pages.indicators import is_estimate, main_measure, scope_of
from panel.pages.plot import Chart, Line
from panel.pages.ranges import RANGES, Range, chosen
from panel.pages.select import Field

MOST_POINTS = 1_500
MOST_METRICS = 100
STEPS: Mapping[str, timedelta] = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the catalogue."""

    measure: Measure
    label: str
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """All that the page shows; `problem` says what of the URL could not be followed, and what is shown instead.

    `told`: the measure is of a metric that the model tells, which the panel does not tell Prometheus again.
    """

    fields: list[Field]
    model: Model
    measure: Measure
    label: str
    settles: str
    needs: list[str]
    chart: Chart
    problem: str
    entries: list[Entry]
    promise: str
    rule: str
    series: str
    export: str
    told: bool


def measure_page(project: Project, model: Model, asked: Mapping[str, str], *, now: datetime) -> MeasurePage:
    """What the URL asks for; what it does not say is the model's main measure over the last day."""
    told = [name for metric in metrics_of(model)[:MOST_METRICS] for name in metric.measures]
    own = measures_by_model([model])[model.pk]
    fitting = [*measures_for(model.kind), *(MEASURES[name] for name in (*own, *told))]
    versions = {row.version: row.pk for row in model.versions.all()}
    span = chosen(asked.get("range"))
    name, problem = _measure_of(model, asked, fitting)
    version = asked.get("version", "")
    if version and version not in versions:
        version, problem = "", problem or _("There is no such version; all of them are shown.")
    step = asked.get("step", "")
    stepped = _stepped(span, step)
    if stepped is None:
        step, stepped = "", span
        problem = problem or _("These would be too many points to draw; a longer step is shown.")
    measure = MEASURES[name]
    version_id = versions[version] if version else None
    picked = {"model": model.slug, "measure": name, "version": version, "range": span.key, "step": step}
    return MeasurePage(
        fields=_fields(project, fitting, list(versions), picked),
        model=model,
        measure=measure,
        label=_label(measure),
        settles=_settles(measure, model),
        needs=[str(NEEDS[need]) for need in measure.needs],
        chart=_chart(model, measure, stepped, version_id, now=now),
        problem=problem,
        entries=[_entry(one, picked) for one in fitting],
        promise=urlencode({"project": project.pk, "model": model.pk, "sli": "time_slices", "measure": name}),
        rule=urlencode({"project": project.pk, "model": model.pk, "kind": "threshold", "measure": name}),
        series=urlencode({"measure": name, "model": model.slug, "step": step or "1h"}),
        export=_export(picked, stepped, now=now),
        told=name in told,
    )


def _export(picked: Mapping[str, str], span: Range, *, now: datetime) -> str:
    """The points of the chart, as an export is asked for them."""
    start, edges = span.edges(now=now, sampled=is_estimate(picked["measure"]))
    minutes = int((edges[1] - start).total_seconds() // 60) if len(edges) > 2 else 60
    asked = {name: picked[name] for name in ("model", "measure", "version") if picked[name]}
    return urlencode({**asked, "from": start.isoformat(), "to": edges[-1].isoformat(), "step": f"{minutes}m"})


def _measure_of(model: Model, asked: Mapping[str, str], fitting: list[Measure]) -> tuple[str, str]:
    """(name, problem)."""
    name = asked.get("measure", "")
    if any(measure.name == name for measure in fitting):
        return name, ""
    told = _("Models of this kind (%(kind)s) have no measure “%(name)s”; choose one of theirs.")
    return main_measure(model), told % {"kind": model.get_kind_display(), "name": name[:64]} if name else ""


def _stepped(span: Range, step: str) -> Range | None:
    """The range in these steps; as it comes for none or an unknown one, None for too many."""
    width = STEPS.get(step)
    if width is None:
        return span
    if span.length / width > MOST_POINTS:
        return None
    return replace(span, step=width, sampled_step=width)


def _settles(measure: Measure, model: Model) -> str:
    if measure.settle == "events":
        return _("Within seconds, when the event is drained")
    return _("With the labels, %(delay)s after the prediction") % {
        "delay": write.span(subjects_of([model])[model.pk].settle)
    }


def _fields(project: Project, fitting: list[Measure], versions: list[str], picked: Mapping[str, str]) -> list[Field]:
    models = [(model.slug, str(model)) for model in Model.objects.filter(project=project)]
    measures = [(one.name, f"{_label(one)} · {one.name}") for one in fitting]
    named = [(version, version) for version in versions if version]
    found = [
        Field("model", _("Model"), picked["model"], models),
        Field("measure", _("Measure"), picked["measure"], measures),
        Field("version", _("Version"), picked["version"], [("", _("all")), *named]),
        Field("range", _("Range"), picked["range"], [(key, span.label) for key, span in RANGES.items()]),
        Field("step", _("Step"), picked["step"], [("", _("as fits")), *((key, key) for key in STEPS)]),
    ]
    return found


def _label(measure: Measure) -> str:
    """Names of metrics stay as they are told."""
    return str(measure.label) if parse_measure(measure.name) else capfirst(str(measure.label))


def _entry(measure: Measure, picked: Mapping[str, str]) -> Entry:
    url = urlencode({**picked, "measure": measure.name})
    return Entry(measure, _label(measure), url, measure.name == picked["measure"])


def _chart(model: Model, measure: Measure, span: Range, version_id: int | None, *, now: datetime) -> Chart:
    start, edges = span.edges(now=now, sampled=is_estimate(measure.name))
    subject = subjects_of([model])[model.pk]
    scope = scope_of(model, version_id=version_id)
    points = read_series([measure.name], scope, edges=edges, now=now, subject=subject)[measure.name]
    label = _label(measure)
    return Chart(
        slug="measure",
        title=label,
        unit=measure.unit,
        lines=[Line(label, points, show_range=any(point.low is not None for point in points))],
        start=start,
        end=edges[-1],
        bands=history.bands(model, start=start, end=edges[-1]),
        marks=history.marks(model, start=start, end=edges[-1]),
    )
