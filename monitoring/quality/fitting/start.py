"""Start fits by themselves: of a reference whose rows have labels, and of the first labelled history that is enough."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Sum

from lib.stage import Summary
from models_registry.jobs import start_job
from models_registry.models import Job, Model, ModelVersion, User
from monitoring.measures.series import subjects_of
from monitoring.models import Bucket, Estimator, Reference, ReferenceSample, Series
from monitoring.models.summaries import Tier

KIND = "fit_estimator"
DAY = timedelta(days=1)
ENOUGH = 5_000  # labelled predictions that are fitted on at once; fewer only once they are of a week
LEAST = 1_000
WEEK = 7 * DAY
METRICS = ("labelled_score", "labelled_class_score")
CLASSIFIERS = (Model.Kind.BINARY.value, Model.Kind.MULTICLASS.value)
CLASSICAL = (*CLASSIFIERS, Model.Kind.REGRESSION.value)
Days = Mapping[int, Sequence[tuple[datetime, int]]]


def start_fits(*, now: datetime) -> Summary:
    """Stage: seen versions with something to fit on, written jobs."""
    tried = _tried(now)
    wanted: dict[int, dict[str, Any]] = {version_id: {"reference": found} for version_id, found in _references(tried)}
    wanted |= {version_id: window for version_id, window in _windows(tried, now=now) if version_id not in wanted}
    versions = ModelVersion.objects.filter(pk__in=wanted).select_related("model__project")
    for version in versions:
        start_fit(version, wanted[version.pk], now=now)
    return Summary(seen=len(wanted), written=len(wanted))


def start_fit(version: ModelVersion, arguments: Mapping[str, Any], *, now: datetime, by: User | None = None) -> Job:
    """A job that fits an estimator on `reference` (an id) or on the window `from`, `to`."""
    given = {"version": version.pk, **arguments}
    return start_job(KIND, project=version.model.project, arguments=given, now=now, by=by)


def fit_again(asked: Iterable[tuple[int, str]], *, now: datetime, by: User) -> list[Job]:
    """A job for each of these (version, origin): on its reference in force, or on the 30 days whose labels have settled."""
    origins = dict(asked)
    versions = ModelVersion.objects.filter(pk__in=origins).select_related("model__project")
    subjects = subjects_of(version.model for version in versions)
    return [
        start_fit(
            version, _again(version, origins[version.pk], now - subjects[version.model_id].settle), now=now, by=by
        )
        for version in versions
    ]


def _again(version: ModelVersion, origin: str, end: datetime) -> dict[str, Any]:
    reference = Reference.objects.filter(version=version).first() if origin == Estimator.Origin.REFERENCE else None
    if reference is not None:
        return {"reference": reference.pk}
    return {"from": (end - 30 * DAY).isoformat(), "to": end.isoformat()}


def _tried(now: datetime) -> set[tuple[int, int | None]]:
    """(version, reference) of what was begun: a reference is tried once, history not again within a week."""
    jobs = Job.objects.filter(kind=KIND).values_list("arguments", "created_at")
    given = ((arguments["version"], arguments.get("reference"), at) for arguments, at in jobs)
    return {(version, reference) for version, reference, at in given if reference is not None or at > now - WEEK}


def _references(tried: Collection[tuple[int, int | None]]) -> Iterator[tuple[int, int]]:
    """(version, reference in force) where its rows are kept."""
    sampled = set(ReferenceSample.objects.values_list("reference_id", flat=True))
    in_force = Reference.objects.filter(version__model__kind__in=CLASSICAL).order_by("id")
    for version_id, reference_id in dict(in_force.values_list("version_id", "id")).items():
        if reference_id in sampled and (version_id, reference_id) not in tried:
            yield version_id, reference_id


def _windows(tried: Collection[tuple[int, int | None]], *, now: datetime) -> Iterator[tuple[int, dict[str, str]]]:
    """(version, its first labelled days) where it has no estimator and they are enough."""
    fitted = Estimator.objects.values("version")
    rows = Series.objects.filter(metric__in=METRICS, segment="", version__model__kind__in=CLASSIFIERS)
    series = list(rows.exclude(version__in=fitted).values_list("id", "version_id", "version__model_id"))
    subjects = subjects_of(Model.objects.filter(pk__in={model_id for _, _, model_id in series}))
    owners = {id_: (version, subjects[model].settle) for id_, version, model in series if (version, None) not in tried}
    for version_id, days in _labelled_days(owners, now=now).items():
        if end := _end_of_enough(days):
            yield version_id, {"from": days[0][0].isoformat(), "to": end.isoformat()}


def _labelled_days(owners: Mapping[int, tuple[int, timedelta]], *, now: datetime) -> Days:
    """Version → (day, labelled predictions), of whole days whose labels have come."""
    found: defaultdict[int, defaultdict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    buckets = Bucket.objects.filter(series__in=owners, tier=Tier.DAY, n__gt=0).values("series_id", "start")
    for series_id, start, n in buckets.annotate(events=Sum("n")).values_list("series_id", "start", "events"):
        version_id, settle = owners[series_id]
        day = datetime.fromtimestamp(start, tz=UTC)
        if day + DAY <= now - settle:
            found[version_id][day] += n
    return {version_id: sorted(days.items()) for version_id, days in found.items()}


def _end_of_enough(days: Sequence[tuple[datetime, int]]) -> datetime | None:
    """The end of the first days that hold enough; None if the history does not."""
    total = 0
    for day, n in days:
        total += n
        a_week = day + DAY - days[0][0] >= WEEK
        if total >= ENOUGH or (a_week and total >= LEAST):
            return day + DAY
    return None
