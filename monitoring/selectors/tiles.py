"""Fetch the buckets that spans of counts need, for any number of series in one statement, and mend what has a note.

A note says that the drain changed an hour since its last rollup: such an hour is made of its minutes, and its day of its
hours. Notes, floors and buckets come by one statement, so they belong to one snapshot.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from models_registry.models import ModelVersion
from monitoring.models import Bucket, DirtyHour, RetentionFloor, Series
from monitoring.models.summaries import Tier
from monitoring.postgres import binary_cursor
from monitoring.selectors.floors import NEVER
from monitoring.stats.histogram import PAIR
from monitoring.stats.tiers import DAY, HOUR, SPARE, Integers, Range, down

# Beside tiers 0 to 2, what else rows tell: of a series its version and its name, a note in an hour, in a day, a floor.
_VERSION, _NAME, _IN_HOUR, _IN_DAY, _FLOOR = 3, 4, 5, 6, 7
_OWNER, _KIND = 39, 36  # a row is one number: whose it is, of which kind, and a moment or an id below 2 ** 36
_BUCKET: Final = Bucket._meta.db_table
_NUMBER: Final = f"(b.series_id << {_OWNER}) + (CAST(b.tier AS bigint) << {_KIND}) + b.start"
_SQL: Final = f"""
WITH asked(name, batch, model, environment, segment, metric) AS (
    {{asked}}
), ranges(batch, tier, low, high) AS (
    VALUES {{ranges}}
), picked AS (
    SELECT a.name, a.batch, s.id, s.version_id FROM asked a {{by_name}}
), dirty AS (
    SELECT DISTINCT d.series_id, d.start, r.tier
    FROM {DirtyHour._meta.db_table} d JOIN picked p ON p.id = d.series_id
    JOIN ranges r ON r.batch = p.batch AND r.tier IN (1, 2) AND d.start >= r.low AND d.start < r.high
), found(number, bins) AS (
    SELECT {_NUMBER}, b.bins FROM picked p CROSS JOIN ranges r {{by_range}} AND r.batch = p.batch
    UNION ALL
    SELECT {_NUMBER}, b.bins FROM dirty d {{by_day}} AND d.tier = {Tier.DAY:d}
    UNION ALL
    SELECT {_NUMBER}, b.bins FROM dirty d {{by_hour}}
    UNION ALL
    SELECT (p.id << {_OWNER}) + (CAST({_VERSION} AS bigint) << {_KIND}) + p.version_id, {{nothing}} FROM picked p
    UNION ALL
    SELECT (p.id << {_OWNER}) + (CAST({_NAME} AS bigint) << {_KIND}) + p.name, {{nothing}} FROM picked p
    UNION ALL
    SELECT (d.series_id << {_OWNER}) + (CAST({_IN_HOUR} - 1 + d.tier AS bigint) << {_KIND}) + d.start, {{nothing}} FROM dirty d
    UNION ALL
    SELECT (CAST(CASE f.kind WHEN '{RetentionFloor.Kind.MINUTES}' THEN 0 ELSE 1 END AS bigint) << {_OWNER})
        + (CAST({_FLOOR} AS bigint) << {_KIND}) + f.start, {{nothing}}
    FROM {RetentionFloor._meta.db_table} f WHERE f.kind <> '{RetentionFloor.Kind.EVENTS}'
)
"""
_SERIES: Final = (
    f"{ModelVersion._meta.db_table} v CROSS JOIN {Series._meta.db_table} s",
    "v.model_id = a.model AND s.version_id = v.id AND s.environment = a.environment AND s.metric = a.metric"
    " AND s.segment = a.segment",
)
_BUCKETS: Final = {
    "by_range": f"b.series_id = p.id AND b.tier = r.tier %% {SPARE} AND b.start >= r.low AND b.start < r.high",
    "by_day": f"b.series_id = d.series_id AND b.tier = {Tier.HOUR:d}"
    f" AND b.start >= d.start - d.start %% {DAY} AND b.start < d.start - d.start %% {DAY} + {DAY}",
    "by_hour": f"b.series_id = d.series_id AND b.tier = {Tier.MINUTE:d} AND b.start >= d.start AND b.start < d.start + {HOUR}",
}


def _sqlite() -> str:
    """A row for each bucket. CROSS JOIN keeps the order of tables, so that keys are used."""
    fields = ", ".join(f"json_extract(j.value, '$[{place}]')" for place in range(6))
    sql = _SQL.format(
        asked=f"SELECT {fields} FROM json_each(%s) AS j",
        ranges="{ranges}",
        nothing="X''",
        by_name=f"CROSS JOIN {_SERIES[0]} WHERE {_SERIES[1]}",
        **{name: f"CROSS JOIN {_BUCKET} b WHERE {condition}" for name, condition in _BUCKETS.items()},
    )
    return f"{sql} SELECT number, bins FROM found"


def _postgresql() -> str:
    """All in a row, for columns are gathered faster than rows are sent. OFFSET keeps the order of tables."""
    fields = ", ".join(f"(j.value->>{place}){'::int' if place < 3 else ''}" for place in range(6))
    sql = _SQL.format(
        asked=f"SELECT {fields} FROM json_array_elements(%b::json) AS j",
        ranges="{ranges}",
        nothing="''::bytea",
        by_name=f"CROSS JOIN LATERAL (SELECT s.* FROM {_SERIES[0]} WHERE {_SERIES[1]} OFFSET 0) s",
        **{
            name: f"CROSS JOIN LATERAL (SELECT * FROM {_BUCKET} b WHERE {condition} OFFSET 0) b WHERE true"
            for name, condition in _BUCKETS.items()
        },
    )
    columns = "string_agg(int8send(number), ''), string_agg(int4send(length(bins)), ''), string_agg(bins, '')"
    return f"{sql} SELECT {columns} FROM found"


class Name(NamedTuple):
    """Series of a model, of whatever version."""

    model: int
    environment: str
    segment: str
    metric: str


@dataclass(frozen=True)
class Tiles:
    """Buckets of the series that were found, none twice, those of a series side by side.

    `place` is the position of a bucket's series, ascending. `source` says whose bins a bucket has: the histogram `source`
    is `pairs[ends[source]:ends[source + 1]]`; several buckets may have the same. Before `floors` (of minutes, of hours)
    these tiers are gone.
    """

    series: Mapping[Name, list[tuple[int, int]]]  # (place, version)
    place: Integers
    tier: Integers
    start: Integers
    source: Integers
    ends: Integers
    pairs: NDArray[Any]
    floors: tuple[int, int]


def fetch(needs: Mapping[Name, frozenset[Range]]) -> Tiles:
    """The buckets in these ranges."""
    names, batches = list(needs), {found: batch for batch, found in enumerate(set(needs.values()))}
    asked = json.dumps([(number, batches[needs[name]], *name) for number, name in enumerate(names)])
    ranges = ", ".join(str((batch, *one)) for found, batch in batches.items() for one in found)
    numbers, lengths, bins = (_gathered if connection.vendor == "postgresql" else _rows)(asked, ranges)
    owner, kind, value = numbers >> _OWNER, numbers >> _KIND & 7, numbers & (1 << _KIND) - 1

    def told(about: int) -> dict[int, int]:
        chosen = kind == about
        return dict(zip(owner[chosen].tolist(), value[chosen].tolist(), strict=True))

    versions, name_of, floors = told(_VERSION), told(_NAME), told(_FLOOR)
    known = sorted(versions)
    series: defaultdict[Name, list[tuple[int, int]]] = defaultdict(list)
    for position, pk in enumerate(known):
        series[names[name_of[pk]]].append((position, versions[pk]))
    place = np.searchsorted(np.array(known, dtype=np.int64), owner)
    once = np.unique(numbers, return_index=True)[1]
    once = once[kind[once] <= Tier.DAY]
    tiles = Tiles(
        series=series,
        place=place[once],
        tier=kind[once],
        start=value[once],
        source=once,
        ends=np.concatenate([[0], np.cumsum(lengths)]),
        pairs=np.frombuffer(bins, dtype=PAIR),
        floors=(floors.get(0, NEVER), floors.get(1, NEVER)),
    )
    return _mended(tiles, *((place[kind == noted], value[kind == noted]) for noted in (_IN_HOUR, _IN_DAY)))


Columns = tuple[Integers, Integers, bytes]  # numbers, pairs in bins, bins


def _rows(asked: str, ranges: str) -> Columns:
    """By SQLite, row by row."""
    with connection.cursor() as cursor:
        cursor.execute(_sqlite().format(ranges=ranges), [asked])
        rows = cursor.fetchall()
    numbers = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
    bins = [row[1] for row in rows]
    return numbers, np.fromiter(map(len, bins), dtype=np.int64, count=len(rows)) // PAIR.itemsize, b"".join(bins)


def _gathered(asked: str, ranges: str) -> Columns:
    """By PostgreSQL, all in a row."""
    sql = _postgresql().format(ranges=ranges)
    with binary_cursor() as cursor:
        numbers, lengths, bins = cursor.execute(sql.encode(), [asked]).fetchone() or (None, None, None)
    pairs = np.frombuffer(lengths or b"", dtype=">i4").astype(np.int64) // PAIR.itemsize
    return np.frombuffer(numbers or b"", dtype=">i8").astype(np.int64), pairs, bins or b""


def _take(tiles: Tiles, rows: Integers) -> Tiles:
    return replace(
        tiles, place=tiles.place[rows], tier=tiles.tier[rows], start=tiles.start[rows], source=tiles.source[rows]
    )


def code(place: Integers, start: Integers) -> Integers:
    """A series and a moment as one number."""
    return (place << 40) + start


def _mended(tiles: Tiles, in_hours: tuple[Integers, Integers], in_days: tuple[Integers, Integers]) -> Tiles:
    """With hours and days that have a note replaced by the finer buckets they are the sum of, where these still exist.

    Notes are (places, starts): of hours that are read whole, and of hours of days that are.
    """
    both = (np.concatenate([in_hours[0], in_days[0]]), np.concatenate([in_hours[1], in_days[1]]))
    for tier, width, (places, starts), floor in zip((1, 2), (HOUR, DAY), (both, in_days), tiles.floors, strict=True):
        wrong = np.unique(code(places, down(starts, width))[down(starts, width) >= floor])
        if len(wrong):
            tiles = _replaced(tiles, tier, width, wrong)
    return tiles


def _replaced(tiles: Tiles, tier: int, width: int, wrong: Integers) -> Tiles:
    """Without the buckets of this tier at these places and moments (`code`), which get those of the next finer one."""
    stale = np.isin(code(tiles.place, down(tiles.start, width)), wrong)
    kept = np.flatnonzero(~stale | (tiles.tier != tier))
    finer = np.flatnonzero(stale & (tiles.tier == tier - 1))
    moved = _take(tiles, np.concatenate([kept, finer]))
    added = np.arange(len(moved.place)) >= len(kept)
    moved = replace(
        moved,
        tier=np.where(added, tier, moved.tier),
        start=np.where(added, down(moved.start, width), moved.start),
    )
    return _take(moved, np.argsort(moved.place, kind="stable"))
