"""Read a window of summaries in one query, tiled with the coarsest tiers that are known to be right.

- Edges are cut down to whole minutes. Hours and days that an edge cuts through are read from the next finer tier.
- A dirty note says that the drain changed an hour since its last rollup: that hour is read from its minutes, and its
  day from its hours. The rollup writes hours and days in the transaction that deletes the notes, so what has no note
  is right.
- Below the retention floor of a tier its rows are gone: the coarser row is used whole, which widens the window
  outward to that row; the tally says so (`snapped`).
Notes, floors and buckets are read by one statement, so they belong to one snapshot.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from django.db import connection

from models_registry.models import ModelVersion
from monitoring.models import Bucket, DirtyHour, RetentionFloor, Series
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.stats.histogram import merge
from monitoring.stats.tally import Cell, Tally

WIDTHS: Final = tuple(TIER_SECONDS[tier] for tier in (Tier.MINUTE, Tier.HOUR, Tier.DAY))
MINUTE, HOUR, DAY = WIDTHS
_NOTE: Final = -1
_FLOOR: Final = -2
_SQL = f"""
WITH picked AS (
    SELECT s.id, s.metric, s.key, s.layout
    FROM {Series._meta.db_table} s JOIN {ModelVersion._meta.db_table} v ON v.id = s.version_id
    WHERE {{scope}}
), ranges(tier, low, high) AS (
    VALUES {{ranges}}
), dirty AS (
    SELECT DISTINCT d.series_id, d.start
    FROM {DirtyHour._meta.db_table} d JOIN picked p ON p.id = d.series_id
    WHERE d.start >= %s AND d.start < %s
)
SELECT p.id, p.metric, p.key, p.layout, b.tier, b.start, b.n, b.total, b.bins
FROM picked p CROSS JOIN ranges r JOIN {Bucket._meta.db_table} b
  ON b.series_id = p.id AND b.tier = r.tier AND b.start >= r.low AND b.start < r.high
UNION ALL
SELECT p.id, p.metric, p.key, p.layout, b.tier, b.start, b.n, b.total, b.bins
FROM dirty d JOIN picked p ON p.id = d.series_id JOIN {Bucket._meta.db_table} b
  ON b.series_id = d.series_id AND b.tier = {Tier.HOUR:d}
 AND b.start >= d.start - d.start %% {DAY} AND b.start < d.start - d.start %% {DAY} + {DAY}
UNION ALL
SELECT p.id, p.metric, p.key, p.layout, b.tier, b.start, b.n, b.total, b.bins
FROM dirty d JOIN picked p ON p.id = d.series_id JOIN {Bucket._meta.db_table} b
  ON b.series_id = d.series_id AND b.tier = {Tier.MINUTE:d} AND b.start >= d.start AND b.start < d.start + {HOUR}
UNION ALL
SELECT d.series_id, '', '', '', {_NOTE}, d.start, 0, 0, NULL FROM dirty d
UNION ALL
SELECT 0, f.kind, '', '', {_FLOOR}, f.start, 0, 0, NULL FROM {RetentionFloor._meta.db_table} f
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose summaries: a model, and optionally one version and one environment of it."""

    project_id: int
    model_id: int
    version_id: int | None = None
    environment: str | None = None
    segment: str = ""


class _Row(NamedTuple):
    series: int
    metric: str
    key: str
    layout: str
    tier: int
    start: int
    n: int
    total: int
    bins: bytes | None


@dataclass(slots=True)
class _Fetched:
    """Buckets without repetition, dirty (series, hour), and where minutes and hours begin to exist."""

    buckets: dict[tuple[int, int, int], _Row] = field(default_factory=dict)
    dirty_hours: set[tuple[int, int]] = field(default_factory=set)
    dirty_days: set[tuple[int, int]] = field(default_factory=set)
    minutes_from: int = 0
    hours_from: int = 0


def read_tally(scope: Scope, metrics: Collection[str], *, start: datetime, end: datetime) -> Tally:
    """The merged summaries of one window [start, end), in one query."""
    return read_tallies(scope, metrics, edges=[start, end])[0]


def read_tallies(scope: Scope, metrics: Collection[str], *, edges: Sequence[datetime]) -> list[Tally]:
    """The windows between neighbouring edges (ascending), in one query however many they are."""
    marks = [int(edge.timestamp()) // MINUTE * MINUTE for edge in edges]
    if len(marks) < 2 or any(left > right for left, right in pairwise(marks)):
        message = "A window needs at least two edges, in ascending order."
        raise ValueError(message)
    windows: list[dict[tuple[str, str, str], list[_Row]]] = [defaultdict(list) for _ in marks[1:]]
    snapped = [False] * len(windows)
    for row in _chosen(_fetch(scope, metrics, marks), marks):
        place = min(bisect_right(marks, max(row.start, marks[0])), len(windows)) - 1
        windows[place][row.metric, row.key, row.layout].append(row)
        inside = marks[place] <= row.start and row.start + WIDTHS[row.tier] <= marks[place + 1]
        snapped[place] |= not inside
    return [
        Tally(_moment(marks[i]), _moment(marks[i + 1]), _merged(windows[i]), snapped[i]) for i in range(len(windows))
    ]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _merged(groups: dict[tuple[str, str, str], list[_Row]]) -> dict[tuple[str, str], Cell]:
    """One cell per metric and key. Layouts are never mixed: where two met, the newer series is shown."""
    cells: dict[tuple[str, str], Cell] = {}
    for (metric, key, layout), rows in sorted(groups.items(), key=lambda group: max(row.series for row in group[1])):
        bins, counts = merge([row.bins for row in rows if row.bins])
        cells[metric, key] = Cell(sum(row.n for row in rows), sum(row.total for row in rows), bins, counts, layout)
    return cells


def _cut(marks: Iterable[int], width: int) -> set[int]:
    """Starts of the hours or days that an edge cuts through."""
    return {mark - mark % width for mark in marks if mark % width}


def _ranges(starts: Iterable[int], width: int) -> Iterator[tuple[int, int]]:
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


def _fetch(scope: Scope, metrics: Collection[str], marks: Sequence[int]) -> _Fetched:
    """Everything the choice may need: all days, the hours of cut or dirty days, the minutes of cut or dirty hours."""
    first, last = marks[0] - marks[0] % DAY, marks[-1] + -marks[-1] % DAY
    ranges = [(int(Tier.DAY), first, last)]
    ranges += [(int(Tier.HOUR), low, high) for low, high in _ranges(_cut(marks, DAY), DAY)]
    ranges += [(int(Tier.MINUTE), low, high) for low, high in _ranges(_cut(marks, HOUR), HOUR)]
    conditions, params = _scope_sql(scope, metrics)
    sql = _SQL.format(scope=conditions, ranges=", ".join(map(str, ranges)))
    found = _Fetched()
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, first, last])
        for row in map(_Row._make, cursor.fetchall()):
            _sort_in(found, row)
    return found


def _scope_sql(scope: Scope, metrics: Collection[str]) -> tuple[str, list[Any]]:
    places = ", ".join(["%s"] * len(metrics)) or "NULL"
    conditions = [f"s.project_id = %s AND v.model_id = %s AND s.segment = %s AND s.metric IN ({places})"]
    params: list[Any] = [scope.project_id, scope.model_id, scope.segment, *sorted(metrics)]
    if scope.version_id is not None:
        conditions.append("s.version_id = %s")
        params.append(scope.version_id)
    if scope.environment is not None:
        conditions.append("s.environment = %s")
        params.append(scope.environment)
    return " AND ".join(conditions), params


def _sort_in(found: _Fetched, row: _Row) -> None:
    if row.tier == _FLOOR:
        if row.metric == RetentionFloor.Kind.MINUTES:
            found.minutes_from = row.start
        elif row.metric == RetentionFloor.Kind.HOURS:
            found.hours_from = row.start
    elif row.tier == _NOTE:
        found.dirty_hours.add((row.series, row.start))
        found.dirty_days.add((row.series, row.start - row.start % DAY))
    else:
        found.buckets[row.series, row.tier, row.start] = row


def _chosen(found: _Fetched, marks: Sequence[int]) -> Iterator[_Row]:
    """Of the fetched buckets, those that tile the windows: every minute of every series is covered at most once."""
    cut_days, cut_hours = _cut(marks, DAY), _cut(marks, HOUR)
    first, last = marks[0], marks[-1]
    for (series, tier, start), row in found.buckets.items():
        if start >= last or start + WIDTHS[tier] <= first:
            continue
        day, hour = start - start % DAY, start - start % HOUR
        if day < found.hours_from or (day not in cut_days and (series, day) not in found.dirty_days):
            right = 2
        elif hour < found.minutes_from or (hour not in cut_hours and (series, hour) not in found.dirty_hours):
            right = 1
        else:
            right = 0
        if tier == right:
            yield row
