"""A thousand objectives and the summaries behind them, written as the drain and the rollup leave them.

Every objective has series of its own, of which every minute of the last half day, every hour of 31 days and every day is
filled: nothing that a status may read is missing, so nothing is read faster than it would be in production. Rows lie in
the table in the order of time, all series side by side, as a drain writes them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from bench.fleet import make_model
from models_registry.models import Model, Project
from monitoring.drain.sql import bulk_insert
from monitoring.models import SLO, Bucket, Category, DirtyHour, Series
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.stats import layouts
from monitoring.stats.histogram import pack
from monitoring.stats.layouts import confusion_bin, log_bin

INDICATORS = {  # indicator → metric, layout, target
    "availability": ("status", layouts.STATUS, 0.999),
    "latency": ("latency", layouts.LOG, 0.95),
    "accuracy": ("confusion", layouts.CONFUSION, 0.9),
    "answers_not_bad": ("rated", layouts.RATED, 0.99),
}
BOUND_MS = 300.0
MINUTES, HOURS, DAYS = 12 * 60, 31 * 24, 32
BUCKETS = {Tier.MINUTE: MINUTES, Tier.HOUR: HOURS, Tier.DAY: DAYS}
LATENCIES = 40  # bins that latencies fall into


def make_objectives(project: Project, count: int) -> list[SLO]:
    """So many, four a model, over 30 days, each with the four window pairs of the standard table."""
    made = []
    for number in range(count // len(INDICATORS)):
        model = make_model(project, f"model-{number}", Model.Kind.BINARY)
        Model.objects.filter(pk=model.pk).update(label_delay=timedelta(minutes=number % 97))
        Category.objects.create(model=model, field="class", code=1, value="default")
        version = model.versions.get()
        for name, (metric, layout, target) in INDICATORS.items():
            Series.objects.create(
                project=project, version=version, environment="production", metric=metric, layout=layout
            )
            bound = BOUND_MS if name == "latency" else None
            made.append(
                SLO(
                    project=project,
                    model=model,
                    slug=f"{name}-{number}",
                    name=f"{name} {number}",
                    sli=name,
                    target=target,
                    window=timedelta(days=30),
                    bound_ms=bound,
                )
            )
    return SLO.objects.bulk_create(made)


def fill(project: Project, *, events: int, now: datetime) -> None:
    """So many events behind the objectives of all its models: in every bucket at least one, the rest spread evenly."""
    series = list(Series.objects.filter(project=project).order_by("pk"))
    per_hour = max(1, events // max(1, len(series) // len(INDICATORS)) // HOURS)
    each = {Tier.MINUTE: max(1, per_hour // 60), Tier.HOUR: per_hour, Tier.DAY: per_hour * 24}
    with transaction.atomic():
        hour = int(now.timestamp()) // 3_600 * 3_600
        bulk_insert(DirtyHour, ("series_id", "start"), [(one.pk, hour) for one in series])
        for tier, buckets in BUCKETS.items():
            bulk_insert(
                Bucket,
                ("series_id", "tier", "start", "n", "total", "bins"),
                list(_rows(series, tier, buckets, each[tier], now)),
            )
    _settle()


def _settle() -> None:
    """What autovacuum does in time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _rows(series: list[Series], tier: Tier, buckets: int, n: int, now: datetime) -> Iterator[tuple[object, ...]]:
    width = TIER_SECONDS[tier]
    last = int(now.timestamp()) // width * width
    bins = {metric: pack(_bins(metric, n)) for metric, _, _ in INDICATORS.values()}
    for start in range(last - (buckets - 1) * width, last + 1, width):
        for one in series:
            yield one.pk, int(tier), start, n, 0, bins[one.metric]


def _bins(metric: str, n: int) -> dict[int, int]:
    """One in a hundred and one is bad, if there are as many; latencies are spread over their bins."""
    bad = n // 101
    if metric == "latency":
        first = log_bin(300_000) - LATENCIES + 3
        counts = np.bincount(np.arange(n) % LATENCIES, minlength=LATENCIES).tolist()
        return {first + place: count for place, count in enumerate(counts)}
    if metric == "confusion":
        return {confusion_bin(1, 1): n - bad, confusion_bin(1, 2): bad}
    return {0: n - bad, 1: bad}
