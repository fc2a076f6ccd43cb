"""Fetch the buckets that windows may need, for any number of scopes in one statement.

What is asked is grouped by what it needs: series that need the same ranges of tiers share a *batch*. Notes, floors and
buckets are read by the same statement, so they belong to one snapshot.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from models_registry.models import ModelVersion
from monitoring.models import Bucket, DirtyHour, RetentionFloor, Series
from monitoring.models.summaries import TIER_SECONDS, Tier

Integers = NDArray[np.int64]
WIDTHS: Final = tuple(TIER_SECONDS[tier] for tier in (Tier.MINUTE, Tier.HOUR, Tier.DAY))
MINUTE, HOUR, DAY = WIDTHS
_NOTE, _FLOOR, _SERIES = -1, -2, -3
_NOTHING: Final = "'', '', '', ''"
_SQL: Final = f"""
WITH asked(name, batch, project, model, version, environment, segment, metric) AS (
    VALUES {{asked}}
), ranges(batch, tier, low, high) AS (
    VALUES {{ranges}}
), picked AS (
    SELECT DISTINCT a.name, a.batch, s.id, s.version_id, s.environment, s.metric, s.key, s.layout
    FROM asked a CROSS JOIN {ModelVersion._meta.db_table} v CROSS JOIN {Series._meta.db_table} s
    WHERE v.model_id = a.model AND s.version_id = v.id AND s.project_id = a.project AND s.segment = a.segment
      AND s.metric = a.metric AND (a.version = 0 OR s.version_id = a.version)
      AND (a.environment = '' OR s.environment = a.environment)
), dirty AS (
    SELECT DISTINCT d.series_id, d.start
    FROM {DirtyHour._meta.db_table} d JOIN picked p ON p.id = d.series_id
    JOIN ranges r ON r.batch = p.batch AND r.tier = {Tier.DAY:d} AND d.start >= r.low AND d.start < r.high
)
SELECT b.series_id, b.tier, b.start, b.n, b.total, b.bins, {_NOTHING}
FROM picked p CROSS JOIN ranges r JOIN {Bucket._meta.db_table} b
  ON b.series_id = p.id AND b.tier = r.tier AND b.start >= r.low AND b.start < r.high
WHERE r.batch = p.batch
UNION ALL
SELECT b.series_id, b.tier, b.start, b.n, b.total, b.bins, {_NOTHING}
FROM dirty d JOIN {Bucket._meta.db_table} b
  ON b.series_id = d.series_id AND b.tier = {Tier.HOUR:d}
 AND b.start >= d.start - d.start %% {DAY} AND b.start < d.start - d.start %% {DAY} + {DAY}
UNION ALL
SELECT b.series_id, b.tier, b.start, b.n, b.total, b.bins, {_NOTHING}
FROM dirty d JOIN {Bucket._meta.db_table} b
  ON b.series_id = d.series_id AND b.tier = {Tier.MINUTE:d} AND b.start >= d.start AND b.start < d.start + {HOUR}
UNION ALL
SELECT d.series_id, {_NOTE}, d.start, 0, 0, NULL, {_NOTHING} FROM dirty d
UNION ALL
SELECT 0, {_FLOOR}, f.start, 0, 0, NULL, f.kind, '', '', '' FROM {RetentionFloor._meta.db_table} f
UNION ALL
SELECT p.id, {_SERIES}, p.version_id, p.name, 0, NULL, p.metric, p.key, p.layout, p.environment FROM picked p
"""


class Name(NamedTuple):
    """What is asked of series: those of a model with this metric; version 0 and environment "" are any."""

    project: int
    model: int
    segment: str
    metric: str


class Part(NamedTuple):
    """Which of them."""

    version: int
    environment: str


ANY: Final = Part(0, "")


class Found(NamedTuple):
    """A series that was picked."""

    id: int
    name: int
    version: int
    environment: str
    metric: str
    key: str
    layout: str


@dataclass(slots=True)
class Need:
    """What must be read of the series of one name: parts, days, hours of cut days and minutes of cut hours."""

    parts: set[Part] = field(default_factory=set)
    days: set[int] = field(default_factory=set)
    cut_days: set[int] = field(default_factory=set)
    cut_hours: set[int] = field(default_factory=set)

    def add(self, part: Part, marks: Sequence[int]) -> None:
        """Cover the windows between these edges (epoch seconds, ascending)."""
        self.parts.add(part)
        self.days |= set(range(marks[0] - marks[0] % DAY, marks[-1], DAY)) | {marks[0] - marks[0] % DAY}
        self.cut_days |= cut(marks, DAY)
        self.cut_hours |= cut(marks, HOUR)

    def ranges(self) -> tuple[tuple[int, int, int], ...]:
        """(tier, low, high) without overlaps."""
        starts = ((Tier.DAY, self.days, DAY), (Tier.HOUR, self.cut_days, DAY), (Tier.MINUTE, self.cut_hours, HOUR))
        return tuple((int(tier), low, high) for tier, found, width in starts for low, high in _joined(found, width))


@dataclass(slots=True)
class Fetched:
    """Columns of the buckets, one row each and none twice; `place` is the position of a bucket's series in `series`.

    `dirty_hours` and `dirty_days` hold `code(place, start)`. Before `minutes_from` and `hours_from` these tiers are gone.
    """

    series: list[Found]
    names: Mapping[Name, int]
    place: Integers
    tier: Integers
    start: Integers
    n: Integers
    total: Integers
    bins: list[bytes]
    dirty_hours: Integers
    dirty_days: Integers
    minutes_from: int = 0
    hours_from: int = 0


def code(place: Integers, start: Integers) -> Integers:
    """A series and a moment as one number."""
    return (place << 40) + start


def cut(marks: Iterable[int], width: int) -> set[int]:
    """Starts of the hours or days that an edge cuts through."""
    return {mark - mark % width for mark in marks if mark % width}


def fetch(needs: Mapping[Name, Need]) -> Fetched:
    """Everything the choice of tiers may need, in one query."""
    batches: dict[tuple[tuple[int, int, int], ...], int] = {}
    asked = [
        (number, batches.setdefault(need.ranges(), len(batches)), name.project, name.model, *part, *name[2:])
        for number, (name, need) in enumerate(needs.items())
        for part in ([ANY] if ANY in need.parts else sorted(need.parts))
    ]
    ranges = ((batch, *low_high) for found, batch in batches.items() for low_high in found)
    sql = _SQL.format(asked=", ".join([f"({', '.join(['%s'] * 8)})"] * len(asked)), ranges=", ".join(map(str, ranges)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in asked for value in row])
        return _columns(cursor.fetchall(), needs)


def _columns(rows: list[tuple[Any, ...]], names: Iterable[Name]) -> Fetched:
    buckets = {row[:3]: row for row in rows if row[1] >= 0}
    other: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        if row[1] < 0:
            other[row[1]].append(row)
    series = [Found(row[0], row[3], row[2], row[9], *row[6:9]) for row in other[_SERIES]]
    places = {found.id: place for place, found in enumerate(series)}
    numbers = np.array([row[:5] for row in buckets.values()], dtype=np.int64).reshape(-1, 5).T
    notes = np.array([(places[row[0]], row[2]) for row in other[_NOTE]], dtype=np.int64).reshape(-1, 2).T
    floors = {row[6]: row[2] for row in other[_FLOOR]}
    return Fetched(
        series=series,
        names={name: number for number, name in enumerate(names)},
        place=np.array([places[row[0]] for row in buckets.values()], dtype=np.int64),
        tier=numbers[1],
        start=numbers[2],
        n=numbers[3],
        total=numbers[4],
        bins=[row[5] for row in buckets.values()],
        dirty_hours=code(notes[0], notes[1]),
        dirty_days=code(notes[0], notes[1] - notes[1] % DAY),
        minutes_from=floors.get(RetentionFloor.Kind.MINUTES, 0),
        hours_from=floors.get(RetentionFloor.Kind.HOURS, 0),
    )


def _joined(starts: Iterable[int], width: int) -> Iterator[tuple[int, int]]:
    """Neighbouring starts joined to ranges [low, high)."""
    low = high = None
    for start in sorted(starts):
        if low is None or high is None:
            low = start
        elif start != high:
            yield low, high
            low = start
        high = start + width
    if low is not None and high is not None:
        yield low, high
