"""Every model of a project with its state, for home and for the list of models."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import AlertRule, Incident
from alerting.selectors.incidents import open_incidents
from lib import charts
from models_registry.models import Deployment, Model, ModelVersion, Project
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Point, Wanted, points_of, readings_of
from monitoring.models import SLO
from monitoring.selectors.summaries import read_tallies_of
from monitoring.selectors.watermark import ingest_watermark
from monitoring.slo.books import read_books
from monitoring.slo.composites import subjects_with
from monitoring.slo.status import SLOStatus, ask_status, is_stale, slo_statuses, status_of
from monitoring.stats.burn import Pair, span_label, standard_pairs
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject
from panel import format as write
from panel.pages.indicators import main_measure, recent, scope_of, window_words

MINUTE = timedelta(minutes=1)
TRAFFIC_WINDOW = timedelta(minutes=15)
QUALITY_WINDOW = timedelta(hours=24)
LATENCY_WINDOW = timedelta(hours=1)
WORST_FIRST = ("exhausted", "burning", "attention", "stale", "no_data", "waiting", "unpromised", "ok")
BURN_FULL, BURN_BAD = 10.0, 3.0
LOW_BUDGET = 0.25
WHOLE_BUDGET = (0.0, 1.0)  # a drawing of a budget begins at nothing: a tenth spent must not look like all of it
SLO_ORDER = ("exhausted", "burning", "stale", "no_data", "ok")


@dataclass(frozen=True, slots=True)
class Judged:
    """An SLO with what is true of it now."""

    slo: SLO
    status: SLOStatus

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The standard window pairs of this SLO."""
        return standard_pairs(self.slo.window.total_seconds(), self.slo.target)

    @property
    def burn(self) -> float | None:
        """The burn rate the outlook is told by: over the shortest long window."""
        return self.status.burn.get(span_label(min(pair.long_s for pair in self.pairs)))

    @property
    def window(self) -> str:
        """How long it promises."""
        return window_words(self.slo)

    @property
    def spark(self) -> SafeString:
        """What was left of the budget, day by day."""
        left = self.status.budget_left
        tone = "bad" if left is not None and left <= 0 else "accent"
        title = _("Budget left of %(slo)s, day by day") % {"slo": self.slo}
        return charts.sparkline(self.status.daily, title=title, tone=tone, bounds=WHOLE_BUDGET)

    @property
    def meter(self) -> SafeString:
        """Budget left as a bar."""
        return budget_meter(self.status.budget_left)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model as lists show it."""

    model: Model
    subject: Subject
    version: str
    deployed: Deployment | None
    state: str
    incident: Incident | None
    slos: list[Judged]
    traffic: float | None
    latency: Reading
    quality: Reading
    quality_label: str
    quality_text: str

    @property
    def worst(self) -> Judged | None:
        """The SLO in the worst state, least budget first."""
        return self.slos[0] if self.slos else None

    @property
    def burn(self) -> float | None:
        """The fastest burn of any of its SLOs."""
        burns = [judged.burn for judged in self.slos if judged.burn is not None]
        return max(burns, default=None)

    @property
    def burn_meter(self) -> SafeString:
        """The burn rate as a bar that is full at ten times the allowed rate."""
        rate = self.burn or 0.0
        tone = "bad" if rate >= BURN_BAD else "warn" if rate > 1 else "ok"
        return charts.meter(rate / BURN_FULL, title=write.burn(self.burn), tone=tone)


def budget_meter(left: float | None) -> SafeString:
    """Budget left as a bar."""
    tone = "warn" if left is not None and left < LOW_BUDGET else "ok"
    return charts.meter(left, title=write.percent_floor(left), tone=tone)


def judge_all(project: Project, *, now: datetime) -> list[Judged]:
    """Every SLO of the project, least budget left first; those without a budget to tell come last."""
    return judge(SLO.objects.filter(project=project), now=now)


def judge(slos: QuerySet[SLO], *, now: datetime) -> list[Judged]:
    """These SLOs, least budget left first."""
    rows = list(slos.select_related("model", "project"))
    statuses = slo_statuses(rows, now=now)
    return sorted((Judged(slo, statuses[slo.pk]) for slo in rows), key=_by_budget)


def _by_budget(judged: Judged) -> tuple[bool, float, str]:
    left = judged.status.budget_left
    return (left is None, left if left is not None else 0.0, judged.slo.name)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every model of a project, worst first, and every SLO, least budget left first.

    `deployments` are in the order they happened; `series` by model, where asked for.
    """

    rows: list[ModelRow]
    judged: list[Judged]
    deployments: list[Deployment]
    series: dict[int, dict[str, list[Point]]]


Series = Callable[[Model, Subject], Wanted]


def fleet(project: Project, incidents: Sequence[Incident], *, now: datetime, series: Series | None = None) -> Fleet:
    """The project's models and SLOs, given its open incidents; `series` says what is wanted of each model besides."""
    newest = Subquery(ModelVersion.objects.filter(model=OuterRef("pk")).values("version")[:1])
    rules = Exists(AlertRule.objects.filter(enabled=True, model=OuterRef("pk")))
    rows_of = Model.objects.filter(project=project).select_related("project")
    models = list(rows_of.annotate(newest=newest, watched=rules))
    slos = SLO.objects.filter(project=project)
    names = {model.pk: model.newest or "" for model in models}
    watched = {model.pk for model in models if model.watched}
    found = _look(list(models), names, slos, incidents, watched=watched, now=now, series=series)
    rows = sorted(found.rows, key=lambda row: (WORST_FIRST.index(row.state), row.model.slug))
    return replace(found, rows=rows)


def model_row(model: Model, *, now: datetime) -> ModelRow:
    """One model, for its own page."""
    slos, incidents = SLO.objects.filter(model=model), list(open_incidents(model.project))
    newest = model.versions.first()
    names = {model.pk: newest.version if newest else ""}
    watched = set(AlertRule.objects.filter(enabled=True, model=model).values_list("model_id", flat=True))
    return _look([model], names, slos, incidents, watched=watched, now=now).rows[0]


def _look(
    models: list[Model],
    newest: Mapping[int, str],
    slos: QuerySet[SLO],
    incidents: Sequence[Incident],
    *,
    watched: Container[int | None],
    now: datetime,
    series: Series | None = None,
) -> Fleet:
    """All figures of all models by one query, all books of SLOs by another. Of each model, its newest version and incident."""
    changes = Deployment.objects.filter(version__model__in=models).select_related("version").order_by("at", "id")
    serving = {row.version.model_id: row for row in changes if _is_deploy(row)}
    promises = list(slos.select_related("model", "project"))
    own, subjects = subjects_with(promises, models)
    watermark = ingest_watermark(now=now)
    stale = is_stale(now=now, watermark=watermark)
    figures = [one for model in models for one in _recent(model, subjects[model.pk], now=now)]
    wanted = [series(model, subjects[model.pk]) for model in models] if series else []
    asks = [ask_status(slo, subject, now=now, watermark=watermark) for slo, subject in zip(promises, own, strict=True)]
    books = zip(promises, read_books(asks), strict=True)
    judged = sorted((Judged(slo, status_of(slo, book, stale=stale)) for slo, book in books), key=_by_budget)
    read = iter(read_tallies_of([*(one.ask for one in figures), *(one.ask for one in wanted)]))
    readings = iter([next(iter(readings_of(one, next(read)).values())) for one in figures])
    latest = {incident.model_id: incident for incident in sorted(incidents, key=lambda one: one.number)}
    rows = [
        _row(
            model,
            subjects[model.pk],
            [one for one in judged if one.slo.model_id == model.pk],
            latest.get(model.pk),
            newest[model.pk],
            serving.get(model.pk),
            (next(readings), next(readings), next(readings), next(readings)),
            watched=model.pk in watched,
        )
        for model in models
    ]
    points = {model.pk: points_of(one, next(read), now=now) for model, one in zip(models, wanted, strict=False)}
    return Fleet(rows, judged, list(changes), points)


def _is_deploy(change: Deployment) -> bool:
    """A prompt that changes leaves the version in production as it is, and since when."""
    return change.environment == "production" and change.kind == Deployment.Kind.DEPLOY


def _recent(model: Model, subject: Subject, *, now: datetime) -> list[Wanted]:
    """Quality, traffic, latency; last the requests (of a service: the log lines) of the minute that runs too, for what has just arrived is news."""
    windows = ((main_measure(model), QUALITY_WINDOW), ("throughput", TRAFFIC_WINDOW), ("latency_p95", LATENCY_WINDOW))
    said = "log_records" if model.kind == Model.Kind.SERVICE else "requests"
    news = Wanted((said,), scope_of(model), (now - TRAFFIC_WINDOW, now + MINUTE), subject)
    return [*(recent(name, model, subject, now=now, width=width) for name, width in windows), news]


def _row(
    model: Model,
    subject: Subject,
    judged: list[Judged],
    incident: Incident | None,
    newest: str,
    deployed: Deployment | None,
    figures: tuple[Reading, Reading, Reading, Reading],
    *,
    watched: bool,
) -> ModelRow:
    quality, traffic, latency, news = figures
    measure = MEASURES[main_measure(model)]
    return ModelRow(
        model=model,
        subject=subject,
        version=deployed.version.version if deployed else newest,
        deployed=deployed,
        state=model_state(judged, incident, news, watched=watched),
        incident=incident,
        slos=judged,
        traffic=traffic.value if traffic.n else 0.0,
        latency=latency,
        quality=quality,
        quality_label=capfirst(str(measure.label)),
        quality_text=write.figure(quality.value, measure.unit),
    )


def model_state(judged: list[Judged], incident: Incident | None, news: Reading, *, watched: bool) -> str:
    """The worst of its SLOs; an open incident is never healthy, nor is silence, nor what no SLO and no rule judges."""
    states = {one.status.state for one in judged}
    worst = next((state for state in SLO_ORDER if state in states), "ok")
    if worst in ("exhausted", "burning"):
        return worst
    if incident is not None:
        return "attention"
    if news.n == 0:
        return "no_data"
    return worst if judged or watched else "unpromised"
