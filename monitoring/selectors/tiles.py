"""Fetch the buckets that spans of counts need, for any number of series in one statement, and mend what has a note.

A note says that the drain changed an hour since its last rollup: such an hour is made of its minutes, and its day of its
hours. Notes in ranges that are read for want of a finer tier are asked for where that tier is gone. Notes, floors and buckets come by one statement, so they belong to one snapshot.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from models_registry.models import ModelVersion
from monitoring.models import Bucket, DirtyHour, RetentionFloor, Series
from monitoring.models.summaries import Tier
from monitoring.selectors.floors import NEVER
from monitoring.selectors.packed import GATHERED, number_sql, read_gathered, read_rows
from monitoring.stats.histogram import PAIR
from monitoring.stats.tiers import DAY, HOUR, SPARE, Integers, Range, down

# Beside tiers 0 to 2, what else rows tell: of a series its version and its name, a note in an hour, in a day, a floor.
_VERSION, _NAME, _IN_HOUR, _IN_DAY, _FLOOR = 3, 4, 5, 6, 7
_BUCKET: Final = Bucket._meta.db_table
_FLOOR_OWNER: Final = f"CAST(CASE f.kind WHEN '{RetentionFloor.Kind.MINUTES}' THEN 0 ELSE 1 END AS bigint)"
_GONE: Final = (
    f"SELECT max(g.start) FROM {RetentionFloor._meta.db_table} g WHERE g.kind <> '{RetentionFloor.Kind.EVENTS}'"
)
_NUMBER: Final = number_sql("b.series_id", "b.tier", "b.start")
_SQL: Final = f"""
WITH asked(name, batch, model, environment, segment, metric) AS (
    {{asked}}
), ranges(batch, tier, low, high) AS (
    VALUES {{ranges}}
), picked AS (
    SELECT a.name, a.batch, s.id, s.version_id FROM asked a {{by_name}}
), dirty AS (
    SELECT DISTINCT d.series_id, d.start, r.tier %% {SPARE} AS tier
    FROM {DirtyHour._meta.db_table} d JOIN picked p ON p.id = d.series_id
    JOIN ranges r ON r.batch = p.batch AND r.tier %% {SPARE} IN (1, 2) AND d.start >= r.low AND d.start < r.high
    WHERE r.tier < {SPARE} OR r.low < ({_GONE})
), needed AS (
    SELECT p.id, r.tier, r.low, r.high FROM picked p CROSS JOIN ranges r WHERE r.batch = p.batch {{in_order}}
), ranged(number, bins, id) AS (
    SELECT {_NUMBER}, b.bins, r.id FROM needed r {{by_range}}
), told(number, bins) AS (
    SELECT {_NUMBER}, b.bins FROM dirty d {{by_day}} AND d.tier = {Tier.DAY:d}
    UNION ALL
    SELECT {_NUMBER}, b.bins FROM dirty d {{by_hour}}
    UNION ALL
    SELECT {number_sql("p.id", str(_VERSION), "p.version_id")}, {{nothing}} FROM picked p
    UNION ALL
    SELECT {number_sql("p.id", str(_NAME), "p.name")}, {{nothing}} FROM picked p
    UNION ALL
    SELECT {number_sql("d.series_id", f"({_IN_HOUR} - 1 + d.tier)", "d.start")}, {{nothing}} FROM dirty d
    UNION ALL
    SELECT {number_sql(_FLOOR_OWNER, str(_FLOOR), "f.start")}, {{nothing}}
    FROM {RetentionFloor._meta.db_table} f WHERE f.kind <> '{RetentionFloor.Kind.EVENTS}'
)
{{answer}}
"""
_VERSIONS: Final = f"{ModelVersion._meta.db_table} v"
_SERIES: Final = (
    f"{Series._meta.db_table} s",
    "s.version_id = v.id AND s.environment = a.environment AND s.metric = a.metric AND s.segment = a.segment",
)
_BUCKETS: Final = {
    "by_range": f"b.series_id = r.id AND b.tier = r.tier %% {SPARE} AND b.start >= r.low AND b.start < r.high",
    "by_day": f"b.series_id = d.series_id AND b.tier = {Tier.HOUR:d}"
    f" AND b.start >= d.start - d.start %% {DAY} AND b.start < d.start - d.start %% {DAY} + {DAY}",
    "by_hour": f"b.series_id = d.series_id AND b.tier = {Tier.MINUTE:d} AND b.start >= d.start AND b.start < d.start + {HOUR}",
}


def _sqlite() -> str:
    """A row for each bucket. CROSS JOIN keeps the order of tables, so that keys are used."""
    fields = ", ".join(f"json_extract(j.value, '$[{place}]')" for place in range(6))
    return _SQL.format(
        asked=f"SELECT {fields} FROM json_each(%s) AS j",
        ranges="{ranges}",
        nothing="X''",
        in_order="",
        answer="SELECT number, bins FROM ranged UNION ALL SELECT number, bins FROM told",
        by_name=f"CROSS JOIN {_VERSIONS} CROSS JOIN {_SERIES[0]} WHERE v.model_id = a.model AND {_SERIES[1]}",
        **{name: f"CROSS JOIN {_BUCKET} b WHERE {condition}" for name, condition in _BUCKETS.items()},
    )


def _postgresql() -> str:
    """A row for each series and one for the rest. OFFSET keeps the order of tables, and theirs that of series."""
    fields = ", ".join(f"(j.value->>{place}){'::int' if place < 3 else ''}" for place in range(6))
    return _SQL.format(
        asked=f"SELECT {fields} FROM json_array_elements(%b::json) AS j",
        ranges="{ranges}",
        nothing="''::bytea",
        in_order="ORDER BY p.id",
        answer=f"SELECT {GATHERED} FROM ranged GROUP BY id UNION ALL SELECT {GATHERED} FROM told",
        by_name=f"JOIN {_VERSIONS} ON v.model_id = a.model"
        f" CROSS JOIN LATERAL (SELECT * FROM {_SERIES[0]} WHERE {_SERIES[1]} OFFSET 0) s",
        **{
            name: f"CROSS JOIN LATERAL (SELECT * FROM {_BUCKET} b WHERE {condition} OFFSET 0) b WHERE true"
            for name, condition in _BUCKETS.items()
        },
    )


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
    is `bins` and `counts` of `[ends[source]:ends[source + 1]]`; several buckets may have the same. Before `floors` (of minutes, of hours)
    these tiers are gone.
    """

    series: Mapping[Name, list[tuple[int, int]]]  # (place, version)
    place: Integers
    tier: Integers
    start: Integers
    source: Integers
    ends: Integers
    bins: NDArray[np.int32]
    counts: Integers
    floors: tuple[int, int]


def fetch(needs: Mapping[Name, frozenset[Range]]) -> Tiles:
    """The buckets in these ranges."""
    names, batches = list(needs), {one: batch for batch, one in enumerate(set(needs.values()))}
    asked = json.dumps([(number, batches[needs[name]], *name) for number, name in enumerate(names)])
    ranges = ", ".join(str((batch, *one)) for both, batch in batches.items() for one in both)
    if connection.vendor == "postgresql":
        found = read_gathered(_postgresql().format(ranges=ranges), [asked])
    else:
        found = read_rows(_sqlite().format(ranges=ranges), [asked])
    owner, kind, value = found.owner, found.kind, found.value

    def told(about: int) -> dict[int, int]:
        chosen = kind == about
        return dict(zip(owner[chosen].tolist(), value[chosen].tolist(), strict=True))

    versions, name_of, floors = told(_VERSION), told(_NAME), told(_FLOOR)
    known = sorted(versions)
    series: defaultdict[Name, list[tuple[int, int]]] = defaultdict(list)
    for position, pk in enumerate(known):
        series[names[name_of[pk]]].append((position, versions[pk]))
    place = np.searchsorted(np.array(known, dtype=np.int64), owner)
    once = np.unique(found.numbers[0], return_index=True)[1]
    once = once[kind[once] <= Tier.DAY]
    pairs = np.frombuffer(found.bins, dtype=PAIR)
    tiles = Tiles(
        series=series,
        place=place[once],
        tier=kind[once],
        start=value[once],
        source=once,
        ends=np.concatenate([[0], np.cumsum(found.lengths)]),
        bins=pairs["bin"],
        counts=np.ascontiguousarray(pairs["count"]),
        floors=(floors.get(0, NEVER), floors.get(1, NEVER)),
    )
    return _mended(tiles, *((place[kind == noted], value[kind == noted]) for noted in (_IN_HOUR, _IN_DAY)))


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
