"""Windows that slide over columns of summaries, thousands of them at once. Pure: no Django, no database.

Sums of what adds up are differences of cumulated sums. What does not (a quantile, an F1 of many classes) is read from a
tally per instant, which is carried along: buckets that enter are added, those that leave are taken off.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.stats.layouts import LOG, NEWEST, log_value
from monitoring.stats.tally import Cell, Tally
from monitoring.stats.windows import Floats, Form, Integers

_NO_BINS = np.zeros(0, dtype=np.int32)
_NONE = np.zeros(0, dtype=np.int64)
_THEN = datetime(1970, 1, 1, tzinfo=UTC)
WIDE = 1 << 22
DENSE = 1 << 21  # numbers held at once
NEAR = 1 << 16  # numbers that stay near the processor
Name = tuple[str, str]


@dataclass(frozen=True)
class Column:
    """Buckets of one metric, key and layout in the order they begin; `n` and `total` are cumulated from a leading zero.

    `first` says where the (bin, count) pairs of each bucket begin. `newest` is the newest series among them.
    """

    start: Integers
    end: Integers
    n: Integers
    total: Integers
    first: Integers
    bins: NDArray[np.int32]
    counts: Integers
    layout: str
    newest: int

    @classmethod
    def of(
        cls,
        start: Integers,
        width: Integers,
        n: Integers,
        total: Integers,
        pairs: NDArray[Any],
        lengths: Integers,
        *,
        layout: str,
        newest: int,
    ) -> "Column":
        """From buckets in the order they begin; of each so many of the (bin, count) pairs."""
        return cls(
            start=start,
            end=start + width,
            n=_cumulated(n),
            total=_cumulated(total),
            first=_cumulated(lengths),
            bins=np.ascontiguousarray(pairs["bin"]),
            counts=np.ascontiguousarray(pairs["count"]),
            layout=layout,
            newest=newest,
        )

    @cached_property
    def coded(self) -> tuple[NDArray[np.int32], Integers]:
        """(the bins there are, ascending; for each pair the place of its bin among them)."""
        if not len(self.bins):
            return _NO_BINS, _NONE
        low, high = int(self.bins.min()), int(self.bins.max())
        if high - low > WIDE:
            found, places = np.unique(self.bins, return_inverse=True)
            return found, places.astype(np.int64)
        there = np.flatnonzero(np.bincount(self.bins - low))
        table = np.zeros(high - low + 1, dtype=np.int64)
        table[there] = np.arange(len(there))
        return (there + low).astype(np.int32), table[self.bins - low]

    def rows(self, edges: Integers) -> Integers:
        """How many buckets lie before each edge. One that the first edge cuts counts in the first window, as ever."""
        found = np.searchsorted(self.start, edges)
        found[0] = np.searchsorted(self.end, edges[0], side="right")
        return found

    def sums(self, name: Name, form: Form) -> Integers:
        """(numbers of the form, buckets + 1): cumulated over the buckets.

        What a form makes of one event, of one quantum and of one count in each bin says what it makes of any sum.
        """

        def unit(n: int, total: int, *bins: int) -> tuple[int, ...]:
            cell = Cell(n, total, np.array(bins, dtype=np.int32), np.ones(len(bins), dtype=np.int64), self.layout)
            return form(Tally(_THEN, _THEN, {name: cell}))

        found, places = self.coded
        by_n, by_total = np.array(unit(1, 0)), np.array(unit(0, 1))
        sums = by_n[:, None] * self.n + by_total[:, None] * self.total
        if len(found):
            weights = np.array([unit(0, 0, int(bin_)) for bin_ in found], dtype=np.int64).T
            sums += np.array([_cumulated(self.counts * weight[places])[self.first] for weight in weights])
        return sums.astype(np.int64)

    def cells(self, low: Integers, high: Integers) -> Iterator[Cell | None]:
        """The sum of the buckets [low, high) for each instant; None where there are none."""
        found, places = self.coded
        now = np.zeros(len(found), dtype=np.int64)
        a = b = 0
        cell: Cell | None = None
        for left, right in zip(low.tolist(), high.tolist(), strict=True):
            if (left, right) != (a, b):
                if left < a or right < b or left > b:
                    now, a, b = np.zeros(len(found), dtype=np.int64), left, left
                self._add(now, places, b, right, 1)
                self._add(now, places, a, left, -1)
                a, b = left, right
                there = np.flatnonzero(now)
                n, total = int(self.n[b] - self.n[a]), int(self.total[b] - self.total[a])
                cell = Cell(n, total, found[there], now[there], self.layout) if b > a else None
            yield cell

    def quantiles(self, low: Integers, high: Integers, q: float) -> tuple[Floats, Integers]:
        """The q-quantile in quanta of the buckets [low, high) for each instant, NaN of nothing; and how many events."""
        sizes = np.array([log_value(int(bin_)) for bin_ in self.coded[0]] + [np.nan])
        values, ns = np.full(len(low), np.nan), np.zeros(len(low), dtype=np.int64)
        window = int((high - low).max(initial=0))
        step = max(1, min(max(window, NEAR // len(sizes)), DENSE // len(sizes) - window))
        for first in range(0, len(low), step):
            part = slice(first, first + step)
            counts = self._dense(low[part], high[part])
            sums = np.cumsum(counts, axis=1)
            ns[part] = n = sums[:, -1]
            rank = np.maximum(1, np.ceil(q * n))
            values[part] = sizes[np.minimum((sums < rank[:, None]).sum(axis=1), len(sizes) - 1)]
        return values, ns

    def _dense(self, low: Integers, high: Integers) -> Integers:
        """(instants, bins and one more that stays empty): the counts of the buckets [low, high)."""
        found, places = self.coded
        begin, end, width = int(low.min()), int(high.max()), len(found) + 1
        pairs = slice(int(self.first[begin]), int(self.first[end]))
        rows = np.repeat(np.arange(1, end - begin + 1), np.diff(self.first[begin : end + 1]))
        flat = np.bincount(rows * width + places[pairs], self.counts[pairs], minlength=(end - begin + 1) * width)
        sums = np.cumsum(flat.reshape(-1, width).astype(np.int64), axis=0)
        counts: Integers = sums[high - begin] - sums[low - begin]
        return counts

    def _add(self, now: Integers, places: Integers, low: int, high: int, sign: int) -> None:
        if high > low:
            part = slice(int(self.first[low]), int(self.first[high]))
            np.add.at(now, places[part], sign * self.counts[part])


@dataclass(frozen=True)
class Sliding:
    """Windows over columns: `edges` (parts + 1, instants); `past` are so many seconds earlier, of the metrics `past_of`.

    `newest`, where it is asked for, is the end of the newest request at each edge, epoch seconds, -1 for none.
    """

    columns: Mapping[Name, Sequence[Column]]
    edges: Integers
    past: tuple[int, ...] = ()
    past_of: Collection[str] = field(default_factory=frozenset)
    newest: Integers | None = None

    def __len__(self) -> int:
        return int(self.edges.shape[1])

    def sums(self, form: Form) -> Integers:
        """Differences of cumulated sums. Where layouts met, the newer one counts, as ever."""
        width = len(form(Tally(_THEN, _THEN)))
        total = np.zeros((width, self.edges.shape[0] - 1, len(self)), dtype=np.int64)
        for name, columns in self.columns.items():
            mine: Integers | None = None
            for column in columns:
                rows = column.rows(self.edges)
                found = np.diff(column.sums(name, form)[:, rows], axis=1)
                mine = found if mine is None else np.where(np.diff(rows, axis=0) > 0, found, mine)
            total += 0 if mine is None else mine
        return total

    def quantiles(self, metric: str, q: float) -> tuple[Floats, Integers] | None:
        """Where one layout of one series of bins tells all."""
        columns = self.columns.get((metric, ""), ())
        if len(columns) != 1 or columns[0].layout != LOG:
            return None
        rows = columns[0].rows(self.edges)
        return columns[0].quantiles(rows[-2], rows[-1], q)

    def past_sums(self, form: Form) -> Integers:
        """The whole windows, earlier."""
        found = [self.earlier(by).sums(form)[:, 0] for by in self.past]
        width = len(form(Tally(_THEN, _THEN)))
        return np.stack(found, axis=1) if found else np.zeros((width, 0, len(self)), dtype=np.int64)

    def earlier(self, by: int) -> "Sliding":
        """The whole windows so many seconds earlier."""
        columns = {name: found for name, found in self.columns.items() if not self.past_of or name[0] in self.past_of}
        return Sliding(columns, self.edges[[0, -1]] - by)

    def tallies(self) -> Iterator[Sequence[Tally]]:
        """Carried along from instant to instant."""
        parts = [self._part(place) for place in range(self.edges.shape[0] - 1)]
        if not self.past:
            yield from zip(*parts, strict=True)
            return
        for row in zip(*parts, *self.pasts(), strict=True):
            past = row[len(parts) :]
            yield tuple(replace(tally, past=past) for tally in row[: len(parts)])

    def pasts(self) -> Sequence[Iterator[Tally]]:
        """Each carried along on its own."""
        return [self.earlier(by)._part(0) for by in self.past]

    def _part(self, place: int) -> Iterator[Tally]:
        names, cells = [], []
        for name, columns in self.columns.items():
            for column in columns:
                rows = column.rows(self.edges)
                names.append(name)
                cells.append(column.cells(rows[place], rows[place + 1]))
        low, high = self.edges[place].tolist(), self.edges[place + 1].tolist()
        ends = [-1] * len(high) if self.newest is None else self.newest[place + 1].tolist()
        last: tuple[Cell | None, ...] | None = None
        known: dict[Name, Cell] = {}
        for start, end, newest in zip(low, high, ends, strict=True):
            row = tuple(next(cell) for cell in cells)
            if last is None or any(one is not other for one, other in zip(row, last, strict=True)):
                known = {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
                last = row
            seen = known if newest < 0 else {**known, (NEWEST, ""): Cell(1, newest, _NO_BINS, _NONE)}
            yield Tally(datetime.fromtimestamp(start, tz=UTC), datetime.fromtimestamp(end, tz=UTC), seen)


def newest_at(columns: Mapping[Name, Sequence[Column]], edges: Integers, *, before: int | None) -> Integers:
    """The end of the newest bucket of requests that begins by each edge, at most the edge; `before` that of earlier ones."""
    requests = [one for (metric, _), found in columns.items() if metric == "status" for one in found]
    starts = np.concatenate([_NONE, *(one.start[np.diff(one.n) > 0] for one in requests)])
    ends = np.concatenate([_NONE, *(one.end[np.diff(one.n) > 0] for one in requests)])
    order = np.argsort(starts, kind="stable")
    newest = np.maximum.accumulate(np.concatenate([[-1 if before is None else before], ends[order]]))
    found = newest[np.searchsorted(starts[order], edges, side="right")]
    held: Integers = np.minimum(found, edges)
    return held


def _cumulated(values: Integers) -> Integers:
    """Sums of the first so many values, from none to all."""
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values)))
