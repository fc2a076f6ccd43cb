"""How to read a measure of the catalogue, for a window or a series of windows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Value

from models_registry.models import Model
from monitoring.catalogue import MEASURES, Measure
from monitoring.items import canonical_label
from monitoring.models import Category, LabelLag
from monitoring.selectors.estimators import fits_of
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of, read_tally
from monitoring.selectors.worth import Codes, converting_of, named_by, usual_of, worth_of
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject, Tally, never

PointState = Literal["ok", "no_data", "provisional"]
CLASS_FIELD = "class"


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
        comparing = [measure for name in self.names if (measure := MEASURES[name]).past]
        past = max((measure.past for measure in comparing), default=())
        past_of = frozenset(metric for measure in comparing for metric in measure.metrics)
        return Ask(self.scope, metrics, self.edges, past, past_of)


def subjects_of(models: Iterable[Model]) -> dict[int, Subject]:
    """What reading needs to know of these models, by id, in one query. Class codes are found by canonical label."""
    known = {model.pk: model for model in models}
    codes, settles = _facts(list(known.values()))
    fits = fits_of(known.values())
    worths = {pk: worth_of(model, codes) for pk, model in known.items()}
    usual = usual_of(known.values(), worths)
    return {
        pk: Subject(
            model.kind,
            _positive_code(model, codes),
            settles.get(pk, model.label_delay),
            fits,
            converting_of(model, codes),
            worths[pk],
            usual.get(pk, never),
        )
        for pk, model in known.items()
    }


def _facts(models: Sequence[Model]) -> tuple[Codes, dict[int, timedelta]]:
    """(codes of what definitions name, model → how long its labels take, where that was learned)."""
    labelled = [model for model in models if model.kind != Model.Kind.LLM]
    named = named_by(models)
    if not labelled and named is None:
        return {}, {}
    codes = Category.objects.filter(named, model__in=models) if named else Category.objects.none()
    lags = LabelLag.objects.filter(model__in=labelled, settle_s__isnull=False)
    found = list(
        codes.values_list("model_id", "field", "value", "code").union(
            lags.values_list("model_id", Value(""), Value(""), "settle_s"), all=True
        )
    )
    return (
        {(model_id, field, value): number for model_id, field, value, number in found if field},
        {model_id: timedelta(seconds=number) for model_id, field, _, number in found if not field},
    )


def _positive_code(model: Model, codes: Codes) -> int | None:
    is_binary = model.kind == Model.Kind.BINARY
    return codes.get((model.pk, CLASS_FIELD, canonical_label(model.positive_label))) if is_binary else None


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
    return read_series([name], scope, edges=edges_between(start, end, step), now=now, subject=subject)[name]


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
    if measure.settle == "labels" and is_provisional(tally.end, subject, now=now):
        state = "provisional"
    elif reading.value is None:
        state = "no_data"
    return Point(tally.start, reading.value, reading.n, reading.low, reading.high, state)


def is_provisional(end: datetime, subject: Subject, *, now: datetime) -> bool:
    """Whether labels of a window that ends there are still to come."""
    return end > now - subject.settle


def _subject(scope: Scope) -> Subject:
    model = Model.objects.get(pk=scope.model_id)
    return subjects_of([model])[model.pk]


def edges_between(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """`start`, then every `step` (a minute or more), then `end`."""
    step = max(step, timedelta(minutes=1))
    edges, edge = [], start
    while edge < end:
        edges.append(edge)
        edge += step
    return [*edges, end]
