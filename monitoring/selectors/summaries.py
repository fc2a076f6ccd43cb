"""Read windows of summaries, for any number of scopes in one query, tiled with the coarsest tiers known to be right.

- Edges are cut down to whole minutes. Hours and days that an edge cuts through are read from the next finer tier.
- A dirty note says that the drain changed an hour since its last rollup: that hour is read from its minutes, and its
  day from its hours. The rollup writes hours and days in the transaction that deletes the notes, so what has no note
  is right.
- Hourly series have no minutes: an hour that an edge cuts through is read whole, which widens the window too.
- Below the retention floor of a tier its rows are gone: the coarser row is used whole, which widens the window
  outward to that row; the tally says so (`snapped`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from monitoring.selectors.buckets import (
    DAY,
    HOUR,
    MINUTE,
    WIDTHS,
    Fetched,
    Found,
    Integers,
    Name,
    Need,
    Part,
    code,
    cut,
    fetch,
)
from monitoring.selectors.newest import Edge, newest_ends
from monitoring.stats.histogram import merge, merge_each
from monitoring.stats.layouts import BY_VERSION, HOURLY, NEWEST
from monitoring.stats.tally import Cell, Tally

_WIDTH_OF = np.array(WIDTHS, dtype=np.int64)
_MINUTES, _HOURS, _DAYS = 0, 1, 2
LONG = timedelta(days=1)
FEW = 8


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose summaries: a model, and optionally one version and one environment of it."""

    project_id: int
    model_id: int
    version_id: int | None = None
    environment: str | None = None
    segment: str = ""


@dataclass(frozen=True)
class Ask:
    """The windows of a scope between neighbouring edges (ascending; equal ones make an empty window).

    With every window come those that lie so much earlier (`past`), of all its metrics or of those in `past_of`.
    """

    scope: Scope
    metrics: frozenset[str]
    edges: tuple[datetime, ...]
    past: tuple[timedelta, ...] = ()
    past_of: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what is no window."""
        if len(self.marks) < 2 or any(left > right for left, right in pairwise(self.marks)):
            message = "A window needs at least two edges, in ascending order."
            raise ValueError(message)

    @cached_property
    def marks(self) -> list[int]:
        """The edges in epoch seconds, cut down to minutes."""
        return [int(edge.timestamp()) // MINUTE * MINUTE for edge in self.edges]

    def earlier(self, by: timedelta) -> list[int]:
        """The edges of the windows so much earlier."""
        return [mark - int(by.total_seconds()) // MINUTE * MINUTE for mark in self.marks]

    @property
    def part(self) -> Part:
        """Which series of the model."""
        return Part(self.scope.version_id or 0, self.scope.environment or "")

    @property
    def scope_key(self) -> tuple[int, int, int, str, str]:
        """The scope as statements name it; version 0 and environment "" are any."""
        return self.scope.project_id, self.scope.model_id, *self.part, self.scope.segment

    def name(self, metric: str) -> Name:
        """The series of one of its metrics."""
        return Name(self.scope.project_id, self.scope.model_id, self.scope.segment, metric)


def window_start(end: datetime, length: timedelta) -> datetime:
    """Where a rolling window of this length begins. Windows of a day or more begin at a whole hour.

    That widens a day by at most 59 minutes (4.1 %), longer windows by less, and spares reading an hour minute by minute;
    a week back minutes are gone anyway.
    """
    start = end - length
    return start if length < LONG else start.replace(minute=0, second=0, microsecond=0)


def read_tally(scope: Scope, metrics: Collection[str], *, start: datetime, end: datetime) -> Tally:
    """The merged summaries of one window [start, end), in one query."""
    return read_tallies(scope, metrics, edges=[start, end])[0]


def read_tallies(scope: Scope, metrics: Collection[str], *, edges: Sequence[datetime]) -> list[Tally]:
    """The windows between neighbouring edges (ascending), in one query however many they are."""
    return read_tallies_of([Ask(scope, frozenset(metrics), tuple(edges))])[0]


def read_tallies_of(asks: Iterable[Ask]) -> list[list[Tally]]:
    """The windows of each, in their order: one query for all of them, and each bucket is read once.

    Another one where the newest request is asked for.
    """
    asks = list(asks)
    needs: defaultdict[Name, Need] = defaultdict(Need)
    for ask in asks:
        for metric in ask.metrics:
            earlier = map(ask.earlier, ask.past if metric in (ask.past_of or ask.metrics) else ())
            for marks in (ask.marks, *earlier):
                needs[ask.name(metric)].add(ask.part, marks)
    if not needs:
        return [_tallies(ask.marks, {}, set()) for ask in asks]
    fetched = fetch(needs)
    return _with_newest(asks, [_with_past(ask, fetched) for ask in asks])


def _with_newest(asks: Sequence[Ask], answers: list[list[Tally]]) -> list[list[Tally]]:
    """Windows that are asked for it, with the end of the newest minute that had a request before their own end."""
    edges = [
        Edge(number, at, *ask.scope_key)
        for number, ask in enumerate(asks)
        if NEWEST in ask.metrics
        for at in ask.marks[1:]
    ]
    if not edges:
        return answers
    found = newest_ends(edges)
    return [
        [_seen(tally, found.get((number, at))) for tally, at in zip(tallies, ask.marks[1:], strict=True)]
        for number, (ask, tallies) in enumerate(zip(asks, answers, strict=True))
    ]


def _seen(tally: Tally, end: int | None) -> Tally:
    return tally if end is None else replace(tally, cells={**tally.cells, (NEWEST, ""): Cell(1, end, *merge([]))})


def _with_past(ask: Ask, fetched: Fetched) -> list[Tally]:
    """The windows, each with its earlier ones."""
    windows = _answer(ask, fetched, ask.marks)
    if not ask.past:
        return windows
    again = replace(ask, metrics=ask.past_of or ask.metrics)
    earlier = zip(*(_answer(again, fetched, ask.earlier(by)) for by in ask.past), strict=True)
    return [replace(window, past=past) for window, past in zip(windows, earlier, strict=True)]


def _answer(ask: Ask, fetched: Fetched, edges: Sequence[int]) -> list[Tally]:
    names = {fetched.names[ask.name(metric)] for metric in ask.metrics}
    mine = [found.name in names and _is_part(found, ask.part) for found in fetched.series]
    rows = np.flatnonzero(np.array(mine, dtype=bool)[fetched.place])
    rows = rows[_chosen(fetched, rows, edges)]
    start, end = fetched.start[rows], fetched.start[rows] + _WIDTH_OF[fetched.tier[rows]]
    marks = np.array(edges, dtype=np.int64)
    window = np.minimum(np.searchsorted(marks, np.maximum(start, marks[0]), side="right"), len(marks) - 1) - 1
    snapped = set(window[(start < marks[window]) | (end > marks[window + 1])].tolist())
    return _tallies(edges, _cells(fetched, rows, window), snapped)


def _is_part(found: Found, part: Part) -> bool:
    return part.version in (0, found.version) and part.environment in ("", found.environment)


def _chosen(fetched: Fetched, rows: Integers, marks: Sequence[int]) -> NDArray[np.bool_]:
    """Which of these buckets tile the windows: every minute of every series is covered at most once."""
    tier, start, place = fetched.tier[rows], fetched.start[rows], fetched.place[rows]
    day, hour = start - start % DAY, start - start % HOUR
    split_day = _among(day, list(cut(marks, DAY))) | _among(code(place, day), fetched.dirty_days)
    split_hour = _among(hour, list(cut(marks, HOUR))) | _among(code(place, hour), fetched.dirty_hours)
    hourly = np.array([found.metric in HOURLY for found in fetched.series], dtype=bool)[place]
    finer = np.where((hour >= fetched.minutes_from) & split_hour & ~hourly, _MINUTES, _HOURS)
    right = np.where((day >= fetched.hours_from) & split_day, finer, _DAYS)
    chosen: NDArray[np.bool_] = (tier == right) & (start < marks[-1]) & (start + _WIDTH_OF[tier] > marks[0])
    return chosen


def _among(values: Integers, wanted: Integers | list[int]) -> NDArray[np.bool_]:
    """`np.isin`, whose preparations cost more than comparing with the one or two edges that most windows have."""
    if len(wanted) > FEW:
        return np.isin(values, wanted)
    found = np.zeros(len(values), dtype=bool)
    for one in wanted:
        found |= values == one
    return found


Cells = dict[int, dict[tuple[str, str], Cell]]


def _cells(fetched: Fetched, rows: Integers, window: Integers) -> Cells:
    """Window → one cell per metric and key. Layouts are never mixed: where two met, the newer series is shown."""
    if not len(rows):
        return {}
    kinds: dict[tuple[str, str, str], int] = {}
    kind_of = [kinds.setdefault((found.metric, _key(found), found.layout), len(kinds)) for found in fetched.series]
    group = window * len(kinds) + np.array(kind_of, dtype=np.int64)[fetched.place[rows]]
    order = np.argsort(group, kind="stable")
    rows, group = rows[order], group[order]
    firsts = np.flatnonzero(np.diff(group, prepend=-1))
    ids = np.array([found.id for found in fetched.series], dtype=np.int64)
    newest = np.maximum.reduceat(ids[fetched.place[rows]], firsts)
    n, total = np.add.reduceat(fetched.n[rows], firsts), np.add.reduceat(fetched.total[rows], firsts)
    merged = merge_each([fetched.bins[row] for row in rows.tolist()], firsts)
    names = list(kinds)
    groups, counts, totals = group[firsts].tolist(), n.tolist(), total.tolist()
    cells: Cells = {}
    for at in np.argsort(newest, kind="stable").tolist():
        place, kind = divmod(groups[at], len(names))
        (metric, key, layout), (bins, sums) = names[kind], merged[at]
        cells.setdefault(place, {})[metric, key] = Cell(counts[at], totals[at], bins, sums, layout)
    return cells


def _key(found: Found) -> str:
    return str(found.version) if found.metric in BY_VERSION else found.key


def _tallies(marks: Sequence[int], cells: Cells, snapped: Collection[int]) -> list[Tally]:
    moments = [datetime.fromtimestamp(mark, tz=UTC) for mark in marks]
    return [
        Tally(start, end, cells.get(place, {}), place in snapped)
        for place, (start, end) in enumerate(pairwise(moments))
    ]
