"""Count again from raw events and compare with the summaries: the proof that each event was folded exactly once."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connection

from models_registry.models import ModelVersion
from monitoring.drain.buckets import Key, sum_buckets
from monitoring.drain.fold import Folds
from monitoring.drain.fold.lines import METRICS
from monitoring.drain.merge import sums_by_bucket
from monitoring.drain.rows import MODELS, BusinessEventRow, LLMCallRow, LogRecordRow, PredictionRow
from monitoring.drain.user_days import Owner, Place, Spent, add_up, by_application, sum_by_version
from monitoring.models import Bucket, Series, UserDay
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import Floors, read_floors
from monitoring.selectors.plans import read_plans
from monitoring.selectors.segments import read_keys
from monitoring.stats.layouts import HOURLY
from monitoring.stats.metrics import is_told

ROWS_PER_FETCH = 5_000
Stored = TypeVar("Stored", PredictionRow, LLMCallRow, BusinessEventRow, LogRecordRow)
HOUR, DAY = TIER_SECONDS[Tier.HOUR], TIER_SECONDS[Tier.DAY]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A bucket that says one thing while the raw events say another; series 0 was never registered."""

    series_id: int
    series: str
    tier: int
    start: int
    stored: tuple[int, int, bytes]
    counted: tuple[int, int, bytes]

    def __str__(self) -> str:
        return (
            f"{self.series} tier {self.tier} start {self.start}: n {self.stored[0]} stored, {self.counted[0]} counted;"
            f" total {self.stored[1]} stored, {self.counted[1]} counted"
        )


NOTHING = (0, 0, b"")


def recount(*, start: datetime, end: datetime) -> list[Mismatch]:
    """Every bucket of [start, end) that differs from its raw events, in the finest tier that still exists.

    The window is widened to whole buckets and cut where raw events (of log lines: raw lines) are gone. Meaningful while no drain is running.
    """
    floors = read_floors()
    first = max(_bucket_start(floors, int(start.timestamp())), floors.events)
    last = int(end.timestamp())
    last = last if last == (begin := _bucket_start(floors, last)) else begin + TIER_SECONDS[_tier(floors, last)]
    hourly = set(Series.objects.filter(metric__in=HOURLY).values_list("id", flat=True))
    if hourly and first < last:
        first, last = first - first % HOUR, last + -last % HOUR
    keyed = ModelVersion.objects.filter(model__segment_keys__isnull=False)
    folds = Folds(
        read_plans(),
        read_keys(set(keyed.values_list("id", flat=True))),
    )
    for predictions in _stored(PredictionRow, first, last):
        folds.add_all(predictions)
    for calls in _stored(LLMCallRow, first, last):
        folds.add_all(calls)
    for events in _stored(BusinessEventRow, first, last):
        folds.add_all(events)
    for lines in _stored(LogRecordRow, max(first, floors.logs), last):
        folds.add_all(lines)
    sums = sum_buckets(sums_by_bucket(folds, floors, create=False))
    counted = {row[:3]: row[3:] for row in sums}
    known = list(Series.objects.all())
    told = {series.id for series in known if is_told(series.metric)}  # points of metrics are no stored events
    stored = {key: row for key, row in _buckets(floors, first, last, hourly).items() if key[0] not in told}
    names = {series.id: str(series) for series in known}
    return [
        Mismatch(key[0], names.get(key[0], "?"), key[1], key[2], stored.get(key, NOTHING), counted.get(key, NOTHING))
        for key in sorted(stored.keys() | counted.keys())
        if stored.get(key, NOTHING) != counted.get(key, NOTHING)
    ] + _user_days(first - first % DAY, last + -last % DAY)


def _user_days(first: int, last: int) -> list[Mismatch]:
    """Users' days of these whole days that differ from their calls; the bytes hold what has no column of its own."""
    by_version: dict[Place, Spent] = {}
    for calls in _stored(LLMCallRow, first, last):
        add_up(by_version, sum_by_version(calls))
    counted = by_application(by_version)
    columns = (*Owner._fields, *Spent._fields)
    rows = UserDay.objects.filter(day__gte=first // DAY, day__lt=last // DAY).values_list(*columns)
    stored = {Owner(*row[:4]): Spent(*row[4:]) for row in rows}
    return [
        Mismatch(0, f"user {owner.user_id}", Tier.DAY, owner.day * DAY, *map(_of_spent, sides))
        for owner in sorted(stored.keys() | counted.keys())
        if len(set(sides := (stored.get(owner, Spent()), counted.get(owner, Spent())))) > 1
    ]


def _of_spent(spent: Spent) -> tuple[int, int, bytes]:
    return spent.calls, spent.cost_nano, f"{spent.costed} {spent.last_us}".encode()


def _tier(floors: Floors, epoch_s: int) -> Tier:
    return Tier(floors.bucket(epoch_s)[0])


def _bucket_start(floors: Floors, epoch_s: int) -> int:
    return floors.bucket(epoch_s)[1]


def _stored(row_type: type[Stored], first: int, last: int) -> Iterator[list[Stored]]:
    """Raw events of a window, a few thousand in memory at a time."""
    columns = ", ".join(row_type._fields)
    table = MODELS[row_type]._meta.db_table
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {table} WHERE ts_us >= %s AND ts_us < %s",
            [first * 1_000_000, last * 1_000_000],
        )
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield [row_type._make(row) for row in rows]


def _buckets(floors: Floors, first: int, last: int, hourly: Collection[int]) -> dict[Key, tuple[int, int, bytes]]:
    """Stored buckets of the window, each moment in its finest tier; those that were amended to nothing count as none."""
    rows = Bucket.objects.filter(start__gte=first, start__lt=last).values_list(
        "series_id", "tier", "start", "n", "total", "bins"
    )
    lines = (
        set(Series.objects.filter(metric__in=METRICS).values_list("id", flat=True)) if first < floors.logs else set()
    )
    return {
        (series_id, tier, start): (n, total, bytes(bins))
        for series_id, tier, start, n, total, bins in rows
        if tier == floors.bucket(start, hourly=series_id in hourly)[0] and (n or total or bins)
        if start >= floors.logs or series_id not in lines  # whose raw lines may be gone before other events
    }
