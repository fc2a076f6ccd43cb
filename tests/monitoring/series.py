"""Write summaries as the drain does, from events told in a line."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from models_registry.models import Model
from monitoring.models import Bucket, Category, DirtyHour, Series
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.stats import layouts
from monitoring.stats.histogram import merge_packed, pack

LAYOUTS = {
    "status": layouts.STATUS,
    "latency": layouts.LOG,
    "decision": layouts.CATEGORY,
    "confusion": layouts.CONFUSION,
    "finish": layouts.FINISH,
    "feedback": layouts.FEEDBACK,
    "tokens": layouts.LOG,
    "reported_cost": layouts.LOG,
    "cost": layouts.LOG,
    "fallback_cost": layouts.LOG,
    "pricing": layouts.PRICING,
    "input_size": layouts.LOG,
    "output_size": layouts.LOG,
    "ttft": layouts.LOG,
    "speed": layouts.LOG,
    "context": layouts.LOG,
    "business_value": layouts.WORDS,
    "log_level": layouts.LOG_LEVEL,
}


def series_of(
    model: Model,
    metric: str,
    *,
    key: str = "",
    environment: str = "production",
    version: str = "1",
    segment: str = "",
) -> Series:
    """The series of a metric, made on first use."""
    row, _ = Series.objects.get_or_create(
        project=model.project,
        version=model.versions.get(version=version),
        environment=environment,
        metric=metric,
        key=key,
        layout=LAYOUTS[metric],
        segment=segment,
    )
    return row


def add(
    series: Series,
    at: datetime,
    bins: Mapping[int, int],
    *,
    n: int | None = None,
    total: int = 0,
    tier: int = Tier.MINUTE,
) -> None:
    """Add a histogram to the bucket that holds `at`; a minute leaves its note, as the drain's does."""
    width = TIER_SECONDS[Tier(tier)]
    start = int(at.timestamp()) // width * width
    if tier == Tier.MINUTE:
        DirtyHour.objects.create(series=series, start=start - start % 3_600)
    count = sum(bins.values()) if n is None else n
    found = Bucket.objects.filter(series=series, tier=tier, start=start).first()
    if found is None:
        Bucket.objects.create(series=series, tier=tier, start=start, n=count, total=total, bins=pack(bins))
        return
    Bucket.objects.filter(series=series, tier=tier, start=start).update(
        n=found.n + count, total=found.total + total, bins=merge_packed([bytes(found.bins), pack(bins)])
    )


def roll_up(series: Series) -> None:
    """Every hour and day of the series from its minutes; then no note is left."""
    DirtyHour.objects.filter(series=series).delete()
    for tier in (Tier.HOUR, Tier.DAY):
        Bucket.objects.filter(series=series, tier=tier).delete()
        width, groups = TIER_SECONDS[tier], {}
        for row in Bucket.objects.filter(series=series, tier=Tier.MINUTE):
            groups.setdefault(row.start - row.start % width, []).append(row)
        for start, rows in groups.items():
            Bucket.objects.create(
                series=series,
                tier=tier,
                start=start,
                n=sum(row.n for row in rows),
                total=sum(row.total for row in rows),
                bins=merge_packed([bytes(row.bins) for row in rows]),
            )


def class_code(model: Model, value: str, code: int) -> None:
    """Give a class label its code."""
    Category.objects.create(model=model, field="class", code=code, value=value)


def labelled(model: Model, at: datetime, pairs: Iterable[tuple[int, int]], **where: str) -> None:
    """Labelled predictions as (true code, predicted code)."""
    bins: dict[int, int] = {}
    for true, predicted in pairs:
        bin_ = layouts.confusion_bin(true, predicted)
        bins[bin_] = bins.get(bin_, 0) + 1
    add(series_of(model, "confusion", **where), at, bins)


def served(model: Model, at: datetime, *, ok: int = 0, failed: int = 0, **where: str) -> None:
    """Requests."""
    add(series_of(model, "status", **where), at, {0: ok, 1: failed})
