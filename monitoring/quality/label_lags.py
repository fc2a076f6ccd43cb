"""Stage: learn how long the labels of each model take, so that its windows wait for what is expected and no longer.

What is learned is a function of the summaries and of now; it is kept as a row only because every window asks for it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from lib.stage import Summary
from models_registry.models import LONGEST, Model
from monitoring.measures.series import subjects_of
from monitoring.models import LabelLag, Series
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.selectors.watermark import ingest_watermark
from monitoring.stats.lag import Cohort, LagCurve, learn
from monitoring.stats.readers import label_coverage
from monitoring.stats.tally import Subject, Tally

EVERY = timedelta(hours=1)
LEAST_HISTORY, MOST_HISTORY = timedelta(days=35), timedelta(days=400)
HISTORY_PER_DELAY = 3
MODELS_PER_PASS = 20
METRICS = frozenset({"label_lag", "confusion", "decision", "rank", "value"})
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MINUTE_S = 60


def learn_lags(*, now: datetime) -> Summary:
    """Models whose curve is an hour old or missing, a few at a time: seen and written."""
    models = _due(now)
    subjects = subjects_of(models)
    end = ingest_watermark(now=now)
    asks = [Ask(Scope(model.project_id, model.pk), METRICS, tuple(edges_of(model, end))) for model in models]
    for model, tallies in zip(models, read_tallies_of(asks), strict=True):
        _keep(model, subjects[model.pk], tallies, end=end, now=now)
    return Summary(seen=len(models), written=len(models))


def edges_of(model: Model, end: datetime) -> list[datetime]:
    """The cohorts: days far enough back to see late labels, the last day by the hour."""
    history = min(max(LEAST_HISTORY, HISTORY_PER_DELAY * model.label_delay), MOST_HISTORY)
    today = end.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = today - DAY
    days = [yesterday - back * DAY for back in range(history // DAY, 0, -1)]
    hours = [yesterday + ahead * HOUR for ahead in range((end - yesterday) // HOUR + 1)]
    return [*days, *hours]


def curve_of(found: LabelLag) -> LagCurve:
    """The curve of a row."""
    return LagCurve(tuple(found.lags_s), tuple(found.shares), found.labels, found.oldest_s)


def _due(now: datetime) -> list[Model]:
    """Those that have labels at all, the longest forgotten first."""
    labelled = Series.objects.filter(metric="label_lag", segment="").values("version__model")
    fresh = LabelLag.objects.filter(learned_at__gt=now - EVERY, learned_at__lte=now).values("model")
    models = Model.objects.filter(pk__in=labelled).exclude(pk__in=fresh).exclude(kind=Model.Kind.LLM)
    known = dict(LabelLag.objects.filter(model__in=models).values_list("model", "learned_at"))
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(models, key=lambda model: (known.get(model.pk, never), model.pk))[:MODELS_PER_PASS]


def _keep(model: Model, subject: Subject, tallies: Sequence[Tally], *, end: datetime, now: datetime) -> None:
    curve = learn([_cohort(tally, end) for tally in tallies])
    if curve is None:
        LabelLag.objects.filter(model=model).delete()
        return
    seconds = curve.settle_s(model.label_delay.total_seconds())
    settle = None if seconds is None else min(timedelta(seconds=_whole_minutes(seconds)), LONGEST)
    mature = [tally for tally in tallies if settle is not None and tally.end <= end - settle]
    LabelLag.objects.update_or_create(
        model=model,
        defaults={
            "learned_at": now,
            "labels": curve.labels,
            "oldest_s": int(curve.oldest_s),
            "settle_s": None if settle is None else int(settle.total_seconds()),
            "coverage": _coverage(mature, subject),
            "lags_s": [round(lag, 3) for lag in curve.lags_s],
            "shares": [round(share, 9) for share in curve.shares],
        },
    )


def _cohort(tally: Tally, end: datetime) -> Cohort:
    cell = tally.cell("label_lag")
    return Cohort((end - tally.end).total_seconds(), cell.bins, cell.counts)


def _coverage(tallies: Iterable[Tally], subject: Subject) -> float | None:
    """Labelled among predicted where labels are in: counted, so that no day weighs more than its predictions."""
    readings = [label_coverage(tally, subject) for tally in tallies]
    predicted = sum(reading.n for reading in readings)
    return sum(round((reading.value or 0.0) * reading.n) for reading in readings) / predicted if predicted else None


def _whole_minutes(seconds: float) -> int:
    return -int(-seconds // MINUTE_S) * MINUTE_S
