"""Buckets in bulk: read them under lock, write them back, always in key order so that two writers never cross."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from monitoring.drain.sql import binary_cursor, is_postgres, parts
from monitoring.stats.histogram import merge_packed_each

Key = tuple[int, int, int]  # series, tier, start
KEYS_PER_STATEMENT = 300


class BucketRow(NamedTuple):
    """One row of `Bucket`."""

    series_id: int
    tier: int
    start: int
    n: int
    total: int
    bins: bytes


def sum_buckets(rows: Iterable[BucketRow]) -> list[BucketRow]:
    """One row for each key, the sum of all that are of it, in key order; their histograms are merged in one go."""
    mine: defaultdict[Key, list[BucketRow]] = defaultdict(list)
    for row in rows:
        mine[row[:3]].append(row)
    keys = sorted(mine)
    groups = [mine[key] for key in keys]
    firsts = np.cumsum([0, *map(len, groups[:-1])])
    merged = merge_packed_each([row.bins for row in chain.from_iterable(groups)], firsts) if groups else []
    return [
        BucketRow(*key, sum([row.n for row in group]), sum([row.total for row in group]), bins)
        for key, group, bins in zip(keys, groups, merged, strict=True)
    ]


def lock_buckets(keys: Iterable[Key]) -> list[BucketRow]:
    """The buckets under these keys, locked until the transaction ends; of missing ones nothing, or an empty row.

    PostgreSQL first inserts what is missing, so that there is a row to lock. Every insert comes before every lock
    and both go in key order, so that two drains can wait for each other but never in a circle.
    """
    ordered = sorted(keys)
    return list(map(BucketRow._make, _locked(ordered) if is_postgres() else _read(ordered)))


def write_buckets(rows: Sequence[BucketRow]) -> None:
    """Write buckets that `lock_buckets` has locked."""
    if is_postgres():
        sql = b"""
            UPDATE monitoring_bucket AS stored SET n = mine.n, total = mine.total, bins = mine.bins
            FROM unnest(%b::bigint[], %b::smallint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bytea[])
                AS mine (series_id, tier, start, n, total, bins)
            WHERE stored.series_id = mine.series_id AND stored.tier = mine.tier AND stored.start = mine.start"""
        with binary_cursor() as cursor:
            cursor.execute(sql, _columns(rows, 6))
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO monitoring_bucket (series_id, tier, start, n, total, bins) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (series_id, tier, start)"
            " DO UPDATE SET n = excluded.n, total = excluded.total, bins = excluded.bins",
            rows,
        )


def read_within(keys: Sequence[Key], *, tier: int, seconds: int) -> list[BucketRow]:
    """The buckets of a finer `tier` that lie within each of the coarser keys (`seconds` wide)."""
    select = "SELECT b.series_id, b.tier, b.start, b.n, b.total, b.bins FROM"
    on = f"b.series_id = k.series_id AND b.tier = {tier:d} AND b.start >= k.start AND b.start < k.start + {seconds:d}"
    if is_postgres():
        sql = f"""{select} unnest(%b::bigint[], %b::smallint[], %b::bigint[]) AS k (series_id, tier, start)
            JOIN monitoring_bucket AS b ON {on}"""
        with binary_cursor() as cursor:
            return list(map(BucketRow._make, cursor.execute(sql.encode(), _columns(keys, 3)).fetchall()))
    return list(map(BucketRow._make, _joined(f"{select} {{keys}} CROSS JOIN monitoring_bucket AS b ON {on}", keys)))


def _locked(ordered: Sequence[Key]) -> list[tuple[Any, ...]]:
    keys = "unnest(%b::bigint[], %b::smallint[], %b::bigint[]) AS k (series_id, tier, start)"
    insert = f"""
        INSERT INTO monitoring_bucket (series_id, tier, start, n, total, bins)
        SELECT k.series_id, k.tier, k.start, 0, 0, ''::bytea FROM {keys} ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING"""
    lock = f"""
        SELECT b.series_id, b.tier, b.start, b.n, b.total, b.bins FROM {keys}
        JOIN monitoring_bucket AS b ON b.series_id = k.series_id AND b.tier = k.tier AND b.start = k.start
        ORDER BY 1, 2, 3 FOR UPDATE OF b"""
    columns = _columns(ordered, 3)
    with binary_cursor() as cursor:
        cursor.execute(insert.encode(), columns)
        return cursor.execute(lock.encode(), columns).fetchall()


def _read(ordered: Sequence[Key]) -> list[tuple[Any, ...]]:
    return _joined(
        "SELECT b.series_id, b.tier, b.start, b.n, b.total, b.bins FROM {keys} CROSS JOIN monitoring_bucket AS b"
        " ON b.series_id = k.series_id AND b.tier = k.tier AND b.start = k.start",
        ordered,
    )


def _joined(select: str, keys: Sequence[Key]) -> list[tuple[Any, ...]]:
    """SQLite: `{keys}` becomes a table of the keys; CROSS JOIN keeps it the outer one, so that the index is used."""
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for part in parts(keys, KEYS_PER_STATEMENT):
            values = ", ".join(["(%s, %s, %s)"] * len(part))
            table = f"(SELECT column1 AS series_id, column2 AS tier, column3 AS start FROM (VALUES {values})) AS k"
            cursor.execute(select.format(keys=table), [value for key in part for value in key])
            rows += cursor.fetchall()
    return rows


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
