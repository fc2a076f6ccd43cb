"""A model's page: state, figures with their n, charts with deployments and incidents, versions side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models_registry.models import Deployment, Model, ModelVersion
from monitoring.catalogue import MEASURES
from monitoring.measures import Point, Wanted, read_series, read_windows
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject
from panel import format as write
from panel.pages import history
from panel.pages.fleet import Judged, ModelRow, model_row
from panel.pages.indicators import is_estimate, main_measure, scope_of, settled, shown
from panel.pages.inputs import Inputs, inputs_of
from panel.pages.plot import Chart, Line, Threshold
from panel.pages.ranges import Range

VERSIONS_SHOWN = 10
RANGED = frozenset({"accuracy", "roc_auc", "truncation_rate", "feedback_negative_rate"})
TONES = ("accent", "third", "second")
CLASSIFIER_FIGURES = (
    *("accuracy", "precision", "recall", "specificity", "f1", "f1_weighted"),
    *("roc_auc", "average_precision", "brier_score", "label_coverage"),
)
LLM_FIGURES = (
    *("truncation_rate", "finish_unknown_rate", "refusal_rate", "feedback_negative_rate", "feedback_rate"),
    *("ttft_p95", "tokens_per_second", "output_tokens_p95", "context_use"),
)
MONEY_FIGURES = (
    *("cost_usd", "cost_per_request", "cost_reported_usd", "unpriced_rate"),
    *("tokens", "cached_share", "input_tokens_p50", "input_tokens_p95"),
)
SERVICE_FIGURES = ("requests", "error_rate", "latency_p50", "latency_p95")
SERVICE_CHARTS = (("throughput",), ("error_rate",), ("latency_p95", "latency_p50"))
CLASSIFIER_CHARTS = (("accuracy",), ("precision", "recall", "f1"), ("roc_auc",), ("label_coverage",))
DRIFT_CHARTS = (("drift_psi",),)
LLM_CHARTS = (("truncation_rate",), ("feedback_negative_rate",), ("tokens",), ("cost_usd",), ("cached_share",))


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure over the range: never without its n, and with its interval where it is an estimate."""

    label: str
    text: str
    n: int
    interval: str

    @property
    def small(self) -> bool:
        """Too few events to trust it."""
        return 0 < self.n < 30


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version over the range."""

    version: ModelVersion
    deployment: Deployment | None
    serving: bool
    requests: int
    error_rate: str
    latency: str
    quality: Figure


@dataclass(frozen=True, slots=True)
class ModelPage:
    """All that a model's page shows."""

    row: ModelRow
    service: list[Figure]
    quality: list[Figure]
    money: list[Figure]
    charts: list[Chart]
    versions: list[VersionRow]
    quality_label: str
    waits: str
    inputs: Inputs | None


def model_page(model: Model, span: Range, *, now: datetime) -> ModelPage:
    """The model over the range that ends now."""
    start, _edges = span.edges(now=now)
    row = model_row(model, now=now)
    subject = row.subject
    quality = _applicable(model, LLM_FIGURES if model.kind == Model.Kind.LLM else CLASSIFIER_FIGURES)
    main = main_measure(model)
    inputs = inputs_of(model, row.deployed.version if row.deployed else None, start=start, now=now)
    return ModelPage(
        row=row,
        service=_figures(model, _applicable(model, SERVICE_FIGURES), subject, start=start, now=now),
        quality=_figures(model, quality, subject, start=start, now=now),
        money=_figures(model, _applicable(model, MONEY_FIGURES), subject, start=start, now=now),
        charts=_charts(
            model, row, subject, span, now=now, referred=inputs is not None and inputs.reference is not None
        ),
        versions=_versions(model, row, subject, start=start, now=now),
        quality_label=capfirst(str(MEASURES[main].label)),
        waits=write.span(model.label_delay) if model.label_delay and model.kind != Model.Kind.LLM else "",
        inputs=inputs,
    )


def _applicable(model: Model, names: Sequence[str]) -> list[str]:
    return [name for name in names if model.kind in MEASURES[name].kinds]


def _read(
    model: Model,
    names: Sequence[str],
    subject: Subject,
    *,
    start: datetime,
    now: datetime,
    versions: Sequence[ModelVersion | None] = (None,),
) -> list[dict[str, Reading]]:
    """Measures over [start, now) of each version (None: of the model), in one query.

    Measures that wait for labels end earlier.
    """
    ends: dict[datetime, list[str]] = {}
    for name in names:
        ends.setdefault(settled(model, name, now=now), []).append(name)
    scopes = [scope_of(model, version_id=version.pk if version else None) for version in versions]
    wanted = [
        Wanted(tuple(together), scope, (min(start, end), end), subject)
        for scope in scopes
        for end, together in ends.items()
    ]
    readings = iter(read_windows(wanted))
    return [{name: one for _end in ends for name, one in next(readings).items()} for _scope in scopes]


def _figures(model: Model, names: Sequence[str], subject: Subject, *, start: datetime, now: datetime) -> list[Figure]:
    readings = _read(model, names, subject, start=start, now=now)[0]
    return [figure_of(name, readings[name]) for name in names]


def figure_of(name: str, reading: Reading) -> Figure:
    """A reading as text: 93.1 %, n 12,304, 92.6–93.5 %."""
    unit = MEASURES[name].unit
    interval = ""
    if unit in {"ratio", "score"} and reading.low is not None and reading.high is not None:
        interval = f"{write.figure(reading.low, unit)} – {write.figure(reading.high, unit)}"
    return Figure(capfirst(str(MEASURES[name].label)), write.figure(reading.value, unit), reading.n, interval)


def _charts(
    model: Model, row: ModelRow, subject: Subject, span: Range, *, now: datetime, referred: bool
) -> list[Chart]:
    """Drift only where there is a reference."""
    own = LLM_CHARTS if model.kind == Model.Kind.LLM else CLASSIFIER_CHARTS + DRIFT_CHARTS * referred
    groups = [tuple(_applicable(model, group)) for group in (*own[:2], *SERVICE_CHARTS, *own[2:])]
    groups = [group for group in groups if group]
    series: dict[str, list[Point]] = {}
    ends: dict[str, list[datetime]] = {}
    for sampled in (False, True):
        names = [name for group in groups for name in group if is_estimate(name) == sampled]
        _start, edges = span.edges(now=now, sampled=sampled)
        series |= read_series(names, scope_of(model), edges=edges, now=now, subject=subject)
        ends |= dict.fromkeys(names, edges)
    bands = history.bands(model, start=edges[0], end=edges[-1])
    marks = history.marks(model, start=edges[0], end=edges[-1])
    drawn = [_chart(group, series, row.slos, start=ends[group[0]][0], end=ends[group[0]][-1]) for group in groups]
    return [replace(chart, bands=bands, marks=marks) for chart in drawn]


def _chart(
    group: Sequence[str],
    series: dict[str, list[Point]],
    slos: list[Judged],
    *,
    start: datetime,
    end: datetime,
) -> Chart:
    main = group[0]
    seen = next((shown(one.slo) for one in slos if shown(one.slo).measure == main), None)
    return Chart(
        slug=main.replace("_", "-"),
        title=_title(group),
        unit=MEASURES[main].unit,
        lines=[
            Line(capfirst(str(MEASURES[name].label)), series[name], tone, show_range=_ranged(group))
            for name, tone in zip(group, TONES, strict=False)
        ],
        start=start,
        end=end,
        threshold=Threshold(seen.bound, _("objective %(bound)s") % {"bound": seen.objective}) if seen else None,
        small=True,
    )


def _ranged(group: Sequence[str]) -> bool:
    """Intervals are drawn for an estimate that stands alone; three bands over each other tell nothing."""
    return len(group) == 1 and group[0] in RANGED


def _title(group: Sequence[str]) -> str:
    if len(group) == 1:
        return capfirst(str(MEASURES[group[0]].label))
    if group[0].startswith("latency"):
        return _("Latency")
    return _("Precision, recall, F1")


def _versions(model: Model, row: ModelRow, subject: Subject, *, start: datetime, now: datetime) -> list[VersionRow]:
    """The newest versions, each measured alone."""
    main = main_measure(model)
    deployed = {one.version_id: one for one in Deployment.objects.filter(version__model=model).order_by("at", "id")}
    rows = []
    versions = list(model.versions.all())[:VERSIONS_SHOWN]
    names = ["requests", "error_rate", "latency_p95", main]
    for version, readings in zip(
        versions, _read(model, names, subject, start=start, now=now, versions=versions), strict=True
    ):
        if not version.version and not readings["requests"].n:
            continue  # events that named no version, none of them lately
        rows.append(
            VersionRow(
                version,
                deployed.get(version.pk),
                row.deployed is not None and row.deployed.version_id == version.pk,
                readings["requests"].n,
                write.figure(readings["error_rate"].value, "ratio"),
                write.figure(readings["latency_p95"].value, "ms"),
                figure_of(main, readings[main]),
            )
        )
    return rows
