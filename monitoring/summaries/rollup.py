"""Recompute hours from minutes and days from hours, wherever the drain has left a note.

A coarser bucket is the sum of the finer ones, never an increment, so running twice changes nothing. Where retention
has dropped the finer buckets (see `monitoring.selectors.floors`), the coarser ones are the truth and stay as they are.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from lib.stage import Summary
from monitoring.drain.buckets import BucketRow, Key, lock_buckets, read_within, sum_buckets, write_buckets
from monitoring.drain.sql import prefer_indexes, unsynced
from monitoring.models import DirtyHour, Series
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import hold_floors
from monitoring.stats.layouts import HOURLY

HOURS_PER_CHUNK = 100
NOTES_PER_CHUNK = 5_000
CHUNKS_PER_PASS = 30


def rollup(*, now: datetime) -> Summary:
    """One bounded pass over the notes: seen notes, written buckets."""
    done = Summary()
    for _ in range(CHUNKS_PER_PASS):
        step = _roll_chunk()
        done += step
        if not step.seen:
            break
    return done


def _roll_chunk() -> Summary:
    """Some notes, the hours and days they speak of, in one transaction; deletes just the notes it has read.

    A power cut that undoes the last of these brings its notes back, and the same sums are made again.
    """
    with unsynced():
        prefer_indexes()
        notes = _take_notes()
        if not notes:
            return Summary()
        floors = hold_floors()
        hours = {(series_id, start) for _, series_id, start in notes}
        hourly = _hourly({series_id for series_id, _ in hours})
        finer = {place for place in hours if place[0] not in hourly and place[1] >= floors.minutes}
        written = _recompute(Tier.HOUR, finer)
        days = {(series_id, start - start % TIER_SECONDS[Tier.DAY]) for series_id, start in hours}
        written += _recompute(Tier.DAY, {place for place in days if place[1] >= floors.hours})
        DirtyHour.objects.filter(id__in=[note_id for note_id, _, _ in notes]).delete()
    return Summary(seen=len(notes), written=written)


def _take_notes() -> list[tuple[int, int, int]]:
    """(id, series, start) of the oldest notes, as many as speak of a bounded number of hours."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    taken: list[tuple[int, int, int]] = []
    hours: set[tuple[int, int]] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, series_id, start FROM monitoring_dirtyhour ORDER BY id LIMIT {NOTES_PER_CHUNK} {lock}"
        )
        for note_id, series_id, start in cursor.fetchall():
            if (series_id, start) in hours or len(hours) < HOURS_PER_CHUNK:
                hours.add((series_id, start))
                taken.append((note_id, series_id, start))
    return taken


def _hourly(series_ids: Collection[int]) -> set[int]:
    """Those whose finest bucket is the hour: the drain writes it, and it is not the sum of anything."""
    return set(Series.objects.filter(id__in=series_ids, metric__in=HOURLY).values_list("id", flat=True))


def _recompute(tier: Tier, places: Collection[tuple[int, int]]) -> int:
    """Make each bucket of a tier the sum of the next finer tier; the bucket is locked before the finer ones are read."""
    keys: list[Key] = [(series_id, int(tier), start) for series_id, start in sorted(places)]
    if not keys:
        return 0
    lock_buckets(keys)
    width = TIER_SECONDS[tier]
    finer = read_within(keys, tier=tier - 1, seconds=width)
    to = int(tier)
    moved = [BucketRow(row.series_id, to, row.start - row.start % width, row.n, row.total, row.bins) for row in finer]
    write_buckets(sum_buckets([*(BucketRow(*key, 0, 0, b"") for key in keys), *moved]))
    return len(keys)
