"""What a question reads: once for the present, together with what others ask; or a whole past as columns."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring.models import Bucket, Series
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import read_floors
from monitoring.selectors.newest import Edge, newest_ends
from monitoring.selectors.packed import Packed, number_sql, read_rows
from monitoring.selectors.summaries import LONG, Ask, Scope, read_tallies_of
from monitoring.stats.histogram import PAIR, spread
from monitoring.stats.layouts import BY_VERSION, HOURLY, NEWEST
from monitoring.stats.sliding import Column, Name, Sliding, newest_at
from monitoring.stats.windows import Integers, Once

MINUTE: Final = 60
HOUR: Final = 3_600
_WIDTHS: Final = np.array([TIER_SECONDS[tier] for tier in (Tier.MINUTE, Tier.HOUR, Tier.DAY)])


@dataclass(frozen=True)
class Question:
    """Windows of a scope between neighbouring edges, at one instant or many.

    `edges` are epoch seconds (parts + 1, instants), ascending along the first axis, cut down to minutes. With the windows
    come those that lie so much earlier (`past`), of all metrics or of those in `past_of`.
    """

    scope: Scope
    metrics: frozenset[str]
    edges: Integers
    past: tuple[timedelta, ...] = ()
    past_of: frozenset[str] = frozenset()

    @property
    def ask(self) -> Ask:
        """Of the last instant, to be read together with what others ask."""
        marks = tuple(datetime.fromtimestamp(mark, tz=UTC) for mark in self.edges[:, -1].tolist())
        return Ask(self.scope, self.metrics, marks, self.past, self.past_of)


def window_edges(ends: Integers, *lengths: timedelta) -> Integers:
    """Edges of rolling windows of these lengths with one end, as `window_start` cuts them: (lengths + 1, instants)."""
    starts = []
    for length in sorted(lengths, reverse=True):
        start = ends - int(length.total_seconds())
        starts.append(start - start % (MINUTE if length < LONG else HOUR))
    return np.stack([*starts, ends - ends % MINUTE])


def read_once(questions: Iterable[Question]) -> list[Once]:
    """The windows of each at its one instant, all in one statement."""
    return [Once(parts) for parts in read_tallies_of(question.ask for question in questions)]


def read_history(question: Question) -> Sliding:
    """Every bucket that some instant looks at, each moment by the finest tier that is still there: two statements.

    Another one where the newest request is asked for: what came before all of the windows.
    """
    past = [int(by.total_seconds()) // MINUTE * MINUTE for by in question.past]
    low, high = int(question.edges[0].min()) - max(past, default=0), int(question.edges[-1].max())
    if NEWEST not in question.metrics:
        columns = _read(question.scope, question.metrics, low, high)
        return Sliding(columns, question.edges, tuple(past), question.past_of)
    # The minute that runs at the last edge counts.
    columns = _read(question.scope, question.metrics, low, high + 1)
    before = newest_ends([Edge(0, low, *question.ask.scope_key)]).get((0, low))
    newest = newest_at(columns, question.edges, before=before)
    return Sliding(columns, question.edges, tuple(past), question.past_of, newest)


def coarse_until(*, hourly: bool = False) -> int:
    """Epoch second before which a moment is only known within its hour (or day)."""
    floors = read_floors()
    return floors.hours if hourly else floors.minutes


def _read(scope: Scope, metrics: frozenset[str], low: int, high: int) -> dict[Name, Sequence[Column]]:
    series = list(_series(scope, metrics))
    if not series:
        return {}
    groups: defaultdict[tuple[Name, str], list[int]] = defaultdict(list)
    for number, version, metric, key, layout in series:
        groups[(metric, str(version) if metric in BY_VERSION else key), layout].append(number)
    hourly = {number for number, _, metric, _, _ in series if metric in HOURLY}
    read = _buckets([row[0] for row in series], hourly, low, high)
    if read is None or not len(read.lengths):
        return {}
    owner, tier = read.owner, read.kind
    pairs, first = np.frombuffer(read.bins, dtype=PAIR), np.append(0, np.cumsum(read.lengths))
    found: defaultdict[Name, list[Column]] = defaultdict(list)
    for (name, layout), mine in groups.items():
        places = np.flatnonzero(np.isin(owner, mine))
        if len(places):
            places = places[np.argsort(read.value[places], kind="stable")]
            start, n, total = (column[places] for column in (read.value, *read.numbers[1:]))
            theirs = _pairs(pairs, first, places)
            one = Column.of(
                start, _WIDTHS[tier[places]], n, total, theirs, read.lengths[places], layout=layout, newest=max(mine)
            )
            found[name].append(one)
    return {name: sorted(columns, key=lambda column: column.newest) for name, columns in found.items()}


def _pairs(pairs: NDArray[Any], first: Integers, places: Integers) -> NDArray[Any]:
    """Of the buckets at these places; neighbours, as a series mostly lies there, need no look-up of each."""
    if (np.diff(places) == 1).all():
        return pairs[first[places[0]] : first[places[-1] + 1]]
    return pairs[spread(first[places], first[places + 1])]


def _series(scope: Scope, metrics: frozenset[str]) -> Iterable[tuple[int, int, str, str, str]]:
    rows = Series.objects.filter(project=scope.project_id, version__model=scope.model_id, metric__in=metrics)
    rows = rows.filter(segment=scope.segment)
    if scope.version_id is not None:
        rows = rows.filter(version=scope.version_id)
    if scope.environment is not None:
        rows = rows.filter(environment=scope.environment)
    return rows.values_list("id", "version_id", "metric", "key", "layout")


def _buckets(series: Iterable[int], hourly: set[int], low: int, high: int) -> Packed | None:
    """(number, n, total) of the finest tier of each moment of [low, high); None where nothing can be."""
    floors, finer = read_floors(), sorted(set(series) - hourly)
    parts = [
        (finer, Tier.MINUTE, max(low, floors.minutes), high),
        (finer, Tier.HOUR, max(low - low % HOUR, floors.hours), min(high, floors.minutes)),
        (sorted(hourly), Tier.HOUR, max(low - low % HOUR, floors.hours), high),
        (sorted(series), Tier.DAY, low - low % TIER_SECONDS[Tier.DAY], min(high, floors.hours)),
    ]
    statements = [_statement(*part) for part in parts if part[0] and part[2] < part[3]]
    return read_rows(" UNION ALL ".join(statements)) if statements else None


def _statement(series: Iterable[int], tier: Tier, low: int, high: int) -> str:
    numbers = ", ".join(map(str, series))
    return (
        f"SELECT {number_sql('series_id', 'tier', 'start')}, n, total, bins FROM {Bucket._meta.db_table} "
        f"WHERE series_id IN ({numbers}) AND tier = {tier:d} AND start >= {low} AND start < {high}"
    )
