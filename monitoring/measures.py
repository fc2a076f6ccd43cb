"""The catalogue of measures and indicators, as plain data, and how to read one for a window or a series of windows.

To add a measure: a reader in `monitoring/stats/readers.py`, an entry here, a test against an independent source, a
line in the documentation.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from models_registry.models import Model
from monitoring.ingest.schema import canonical_label
from monitoring.models import Category
from monitoring.selectors.references import broken_features, drift_psi
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of, read_tally
from monitoring.stats import ranking, readers, usage
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject, Tally

Unit = Literal["count", "per_minute", "per_second", "ratio", "score", "ms", "tokens", "usd"]
Settle = Literal["events", "labels"]
PointState = Literal["ok", "no_data", "provisional"]
CLASSIFIERS = frozenset({Model.Kind.BINARY.value, Model.Kind.MULTICLASS.value})
BINARY = frozenset({Model.Kind.BINARY.value})
CLASSICAL = CLASSIFIERS | {Model.Kind.REGRESSION.value}
MULTICLASS = frozenset({Model.Kind.MULTICLASS.value})
LLM = frozenset({Model.Kind.LLM.value})
ALL = frozenset(kind.value for kind in Model.Kind)
CLASS_FIELD = "class"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number people ask for. `settle` says what it waits for; `sampled` whether a small n makes it unreliable."""

    name: str
    label: StrOrPromise
    unit: Unit
    kinds: frozenset[str]
    metrics: tuple[str, ...]
    read: readers.Reader
    settle: Settle = "events"
    sampled: bool = True


@dataclass(frozen=True, slots=True)
class Indicator:
    """An SLI: good over valid events. `bounded` ones need a bound in ms."""

    name: str
    label: StrOrPromise
    kinds: frozenset[str]
    metrics: tuple[str, ...]
    good_valid: Callable[[Tally, Subject, float | None], readers.GoodValid]
    settle: Settle = "events"
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A reading of the window that begins at `start`. `provisional`: labels of the window are still to come."""

    start: datetime
    value: float | None
    n: int
    low: float | None
    high: float | None
    state: PointState


@dataclass(frozen=True, slots=True)
class Wanted:
    """Measures of a scope over the windows between neighbouring edges."""

    names: tuple[str, ...]
    scope: Scope
    edges: tuple[datetime, ...]
    subject: Subject

    @property
    def ask(self) -> Ask:
        """The summaries behind them."""
        metrics = frozenset(metric for name in self.names for metric in MEASURES[name].metrics)
        return Ask(self.scope, metrics, self.edges)


_QUALITY = ("confusion",)
_RANKING = ("labelled_score",)
_COST = ("cost", "fallback_cost")
MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("requests", _("requests"), "count", ALL, ("status",), readers.requests, sampled=False),
        Measure("throughput", _("throughput"), "per_minute", ALL, ("status",), readers.throughput, sampled=False),
        Measure("error_rate", _("error rate"), "ratio", ALL, ("status",), readers.error_rate),
        Measure("latency_p50", _("latency, median"), "ms", ALL, ("latency",), readers.latency(0.5)),
        Measure("latency_p95", _("latency, 95th percentile"), "ms", ALL, ("latency",), readers.latency(0.95)),
        Measure("latency_p99", _("latency, 99th percentile"), "ms", ALL, ("latency",), readers.latency(0.99)),
        Measure("accuracy", _("accuracy"), "ratio", CLASSIFIERS, _QUALITY, readers.accuracy, "labels"),
        Measure("precision", _("precision"), "ratio", CLASSIFIERS, _QUALITY, readers.precision, "labels"),
        Measure("recall", _("recall"), "ratio", CLASSIFIERS, _QUALITY, readers.recall, "labels"),
        Measure("f1", _("F1"), "ratio", CLASSIFIERS, _QUALITY, readers.f1, "labels"),
        Measure("f1_weighted", _("F1, weighted"), "ratio", MULTICLASS, _QUALITY, readers.f1_weighted, "labels"),
        Measure("f1_micro", _("F1, micro"), "ratio", MULTICLASS, _QUALITY, readers.accuracy, "labels"),
        Measure("specificity", _("specificity"), "ratio", BINARY, _QUALITY, readers.specificity, "labels"),
        Measure("roc_auc", _("ROC AUC"), "score", BINARY, _RANKING, ranking.roc_auc, "labels"),
        Measure(
            "average_precision",
            _("average precision"),
            "score",
            BINARY,
            _RANKING,
            ranking.average_precision,
            "labels",
        ),
        Measure("brier_score", _("Brier score"), "score", BINARY, _RANKING, ranking.brier_score, "labels"),
        Measure("log_loss", _("log loss"), "score", BINARY, _RANKING, ranking.log_loss, "labels"),
        Measure(
            "label_coverage",
            _("label coverage"),
            "ratio",
            CLASSIFIERS,
            ("confusion", "decision"),
            readers.label_coverage,
            "labels",
        ),
        Measure("positive_rate", _("positive rate"), "ratio", BINARY, ("decision",), readers.positive_rate),
        Measure("drift_psi", _("drift of the inputs, greatest PSI"), "score", CLASSICAL, ("features",), drift_psi),
        Measure("broken_features", _("broken input columns"), "count", CLASSICAL, ("features",), broken_features),
        Measure("truncation_rate", _("truncation rate"), "ratio", LLM, ("finish",), readers.truncation_rate),
        Measure("feedback_rate", _("feedback rate"), "ratio", LLM, ("feedback", "status"), readers.feedback_rate),
        Measure(
            "feedback_negative_rate",
            _("negative feedback rate"),
            "ratio",
            LLM,
            ("feedback",),
            readers.feedback_negative_rate,
        ),
        Measure("tokens", _("tokens"), "tokens", LLM, ("tokens", "status"), readers.tokens, sampled=False),
        Measure("cost_usd", _("cost"), "usd", LLM, _COST, usage.cost_usd, sampled=False),
        Measure("cost_per_request", _("cost per request"), "usd", LLM, _COST, usage.cost_per_request, sampled=False),
        Measure(
            "cost_reported_usd",
            _("cost as clients report it"),
            "usd",
            LLM,
            ("reported_cost",),
            usage.cost_reported_usd,
            sampled=False,
        ),
        Measure("unpriced_rate", _("unpriced calls"), "ratio", LLM, ("pricing",), usage.unpriced_rate),
        Measure("cached_share", _("input from cache"), "ratio", LLM, ("tokens", "input_size"), usage.cached_share),
        *(
            Measure(
                f"{side}_tokens_{name}", label, "tokens", LLM, (f"{side}_size",), readers.percentile(f"{side}_size", q)
            )
            for side, name, q, label in (
                ("input", "p50", 0.5, _("input tokens of a call, median")),
                ("input", "p95", 0.95, _("input tokens of a call, 95th percentile")),
                ("output", "p50", 0.5, _("output tokens of a call, median")),
                ("output", "p95", 0.95, _("output tokens of a call, 95th percentile")),
            )
        ),
        Measure("ttft_p50", _("first token after, median"), "ms", LLM, ("ttft",), usage.first_token(0.5)),
        Measure("ttft_p95", _("first token after, 95th percentile"), "ms", LLM, ("ttft",), usage.first_token(0.95)),
        Measure(
            "tokens_per_second", _("tokens per second, median"), "per_second", LLM, ("speed",), usage.tokens_per_second
        ),
        Measure("context_use", _("context use, 95th percentile"), "ratio", LLM, ("context",), usage.context_use),
        Measure("refusal_rate", _("refusal rate"), "ratio", LLM, ("finish",), usage.refusal_rate),
        Measure(
            "finish_unknown_rate", _("unknown finish reasons"), "ratio", LLM, ("finish",), usage.finish_unknown_rate
        ),
    )
}
SLIS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator("availability", _("requests without an error"), ALL, ("status",), readers.available),
        Indicator("latency", _("requests within the latency bound"), ALL, ("latency",), readers.fast, bounded=True),
        Indicator(
            "accuracy", _("correct among labelled predictions"), CLASSIFIERS, _QUALITY, readers.correct, "labels"
        ),
        Indicator("precision", _("correct among positive predictions"), BINARY, _QUALITY, readers.precise, "labels"),
        Indicator("recall", _("positives that were found"), BINARY, _QUALITY, readers.recalled, "labels"),
        Indicator("not_truncated", _("complete answers"), LLM, ("finish",), readers.not_truncated),
        Indicator("feedback_not_negative", _("thumbs up among thumbs"), LLM, ("feedback",), readers.not_disliked),
    )
}


def measures_for(kind: str) -> list[Measure]:
    """What can be measured of a model of this kind, in the catalogue's order."""
    return [measure for measure in MEASURES.values() if kind in measure.kinds]


def subjects_of(models: Iterable[Model]) -> dict[int, Subject]:
    """What reading needs to know of these models, by id, in one query. Class codes are found by canonical label."""
    known = {model.pk: model for model in models}
    labels = {canonical_label(model.positive_label) for model in known.values() if model.kind == Model.Kind.BINARY}
    codes: dict[tuple[int, str], int] = {}
    if labels:
        rows = Category.objects.filter(model__in=known, field=CLASS_FIELD, value__in=labels)
        codes = {(row.model_id, row.value): row.code for row in rows}
    return {
        pk: Subject(model.kind, codes.get((pk, canonical_label(model.positive_label))), model.label_delay)
        for pk, model in known.items()
    }


def measure_window(
    name: str, scope: Scope, *, start: datetime, end: datetime, subject: Subject | None = None
) -> Reading:
    """The measure over one window [start, end). `KeyError` for a name that is not in the catalogue."""
    measure = MEASURES[name]
    subject = subject or _subject(scope)
    return measure.read(read_tally(scope, measure.metrics, start=start, end=end), subject)


def measure_series(
    name: str,
    scope: Scope,
    *,
    start: datetime,
    end: datetime,
    step: timedelta,
    now: datetime,
    subject: Subject | None = None,
) -> list[Point]:
    """One point per step from `start` until `end` (the last may be shorter); one query for the summaries."""
    subject = subject or _subject(scope)
    return read_series([name], scope, edges=_edges(start, end, step), now=now, subject=subject)[name]


def read_series(
    names: Sequence[str], scope: Scope, *, edges: Sequence[datetime], now: datetime, subject: Subject
) -> dict[str, list[Point]]:
    """Several measures over the same windows, still one query; for pages with many small charts."""
    return read_series_of([Wanted(tuple(names), scope, tuple(edges), subject)], now=now)[0]


def read_series_of(wanted: Sequence[Wanted], *, now: datetime) -> list[dict[str, list[Point]]]:
    """The series of each, in one query for all."""
    read = read_tallies_of(one.ask for one in wanted)
    return [points_of(one, tallies, now=now) for one, tallies in zip(wanted, read, strict=True)]


def read_windows(wanted: Sequence[Wanted]) -> list[dict[str, Reading]]:
    """The first window of each, in one query for all."""
    read = read_tallies_of(one.ask for one in wanted)
    return [readings_of(one, tallies) for one, tallies in zip(wanted, read, strict=True)]


def points_of(wanted: Wanted, tallies: Iterable[Tally], *, now: datetime) -> dict[str, list[Point]]:
    """The series of each measure, by what was read for `wanted.ask`."""
    tallies = list(tallies)
    return {name: [_point(MEASURES[name], tally, wanted.subject, now) for tally in tallies] for name in wanted.names}


def readings_of(wanted: Wanted, tallies: Sequence[Tally]) -> dict[str, Reading]:
    """Each measure over the first window, by what was read for `wanted.ask`."""
    return {name: MEASURES[name].read(tallies[0], wanted.subject) for name in wanted.names}


def _point(measure: Measure, tally: Tally, subject: Subject, now: datetime) -> Point:
    reading = measure.read(tally, subject)
    state: PointState = "ok"
    if measure.settle == "labels" and tally.end > now - subject.label_delay:
        state = "provisional"
    elif reading.value is None:
        state = "no_data"
    return Point(tally.start, reading.value, reading.n, reading.low, reading.high, state)


def _subject(scope: Scope) -> Subject:
    model = Model.objects.get(pk=scope.model_id)
    return subjects_of([model])[model.pk]


def _edges(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """`start`, then every `step` (a minute or more), then `end`."""
    step = max(step, timedelta(minutes=1))
    edges, edge = [], start
    while edge < end:
        edges.append(edge)
        edge += step
    return [*edges, end]
