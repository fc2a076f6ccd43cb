"""Good and valid events at any edges, of any number of objectives, in one statement: what SLOs and their rules are judged by.

    [counted] = read_counts([CountAsk(scope, indicator.metric, indicator.marks, subject, bound_ms, edges)])
    good, valid = counted.between(starts, ends)        # arrays of epoch seconds, any shape; each moment is one of the edges

An ask names the metric and the marks of an event indicator, a scope with an environment, and the edges (whole minutes, ascending) between which
somebody wants to count: nine for the four window pairs of a status, forty thousand for every minute of a month. What is
read depends on the edges and on the floors of retention, not on the number of events. Windows are differences of running
sums, so any number of them, nested or not, costs two look-ups each: live evaluation passes one instant, a backtest passes
an array of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from monitoring.selectors.floors import NEVER
from monitoring.selectors.summaries import Scope
from monitoring.selectors.tiles import Name, Tiles, fetch
from monitoring.stats.histogram import spread
from monitoring.stats.marks import Marks
from monitoring.stats.tally import Subject
from monitoring.stats.tiers import Integers, Range, Running, join_ranges, ranges_of, snap


@dataclass(frozen=True, eq=False)
class CountAsk:
    """Count the good and valid events of a metric between these edges (epoch seconds, whole minutes, ascending)."""

    scope: Scope
    metric: str
    marks: Marks
    subject: Subject
    bound_ms: float | None
    edges: Integers

    @property
    def name(self) -> Name:
        """Its series, of whatever version."""
        return Name(self.scope.model_id, self.scope.environment or "", self.scope.segment, self.metric)

    @property
    def reading(self) -> tuple[object, ...]:
        """By what its bins are told good from bad."""
        return self.marks, self.subject.positive_code, self.bound_ms


class Window(NamedTuple):
    """Good and valid of windows, element by element, and how many bad events a guard against low traffic sees in them.

    `came` is what came at all: of a composite to any of its components, which may be too little to tell anything.
    """

    good: NDArray[Any]
    valid: NDArray[Any]
    hits: NDArray[Any]
    came: NDArray[Any]


class Book(Protocol):
    """What is good and what is valid between any of its edges (epoch seconds, ascending), of one objective or a composite.

    Before `floors` minutes, and hours, are gone.
    """

    @property
    def edges(self) -> Integers: ...

    @property
    def floors(self) -> tuple[int, int]: ...

    def between(self, starts: Integers, ends: Integers) -> tuple[NDArray[Any], NDArray[Any]]:
        """(good, valid) of stretches [start, end), element by element. Every moment is one of the edges."""

    def ending(self, starts: Integers, ends: Integers) -> Window:
        """Of windows that are judged as they end. Every moment is one of the edges."""

    def spent(self, starts: Integers, ends: Integers, whole: tuple[int, int]) -> tuple[NDArray[Any], float]:
        """(bad of stretches, valid of the whole that these are of): what they take of its budget."""

    def less(self, others: Iterable[Self]) -> Self:
        """Of what is in none of these others, at the same edges; where all of them count events, which add up."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Good and valid from each edge to the last one; `sums` has the shape (edges, 2). Shares of slices are no whole numbers.

    Before `floors` minutes, and hours, are gone.
    """

    edges: Integers
    sums: NDArray[Any]
    floors: tuple[int, int] = (NEVER, NEVER)

    def between(self, starts: Integers, ends: Integers) -> tuple[NDArray[Any], NDArray[Any]]:
        """(good, valid) of windows [start, end), element by element. Every moment is one of the edges."""
        found = self.since(starts) - self.since(ends)
        return found[..., 0], found[..., 1]

    def ending(self, starts: Integers, ends: Integers) -> Window:
        """Of windows, however they end."""
        good, valid = self.between(starts, ends)
        return Window(good, valid, valid - good, valid)

    def spent(self, starts: Integers, ends: Integers, whole: tuple[int, int]) -> tuple[NDArray[Any], float]:
        """(bad of stretches, valid of the whole)."""
        good, valid = self.between(starts, ends)
        return valid - good, float(self.between(np.array(whole[0]), np.array(whole[1]))[1])

    def less(self, others: Iterable[Self]) -> Self:
        """Of what is in none of these others."""
        sums = self.sums.copy()
        for other in others:
            sums -= other.sums
        return replace(self, sums=sums)

    def since(self, moments: Integers) -> NDArray[Any]:
        """(good, valid) from each of these edges to the last one, along a new last axis."""
        found: NDArray[Any] = self.sums[np.searchsorted(self.edges, moments)]
        return found


def read_counts(asks: Iterable[CountAsk]) -> list[Counted]:
    """What each asks for, in their order, by one statement."""
    asks = list(asks)
    if not asks:
        return []
    tiles = fetch(_needs(asks))
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, ask in enumerate(asks):
        groups[ask.reading].append(number)
    answers: dict[int, Counted] = {}
    for numbers in groups.values():
        answers.update(zip(numbers, _count([asks[number] for number in numbers], tiles), strict=True))
    return [answers[number] for number in range(len(asks))]


def _needs(asks: Iterable[CountAsk]) -> dict[Name, frozenset[Range]]:
    """What must be read of each name; asks of equal edges are worked out once."""
    ranges: dict[bytes, frozenset[Range]] = {}
    needs: defaultdict[Name, set[frozenset[Range]]] = defaultdict(set)
    for ask in asks:
        found = ranges.get(edges := ask.edges.tobytes())
        if found is None:
            found = ranges[edges] = ranges_of(ask.edges)
        needs[ask.name].add(found)
    return {name: join_ranges(found) for name, found in needs.items()}


def _count(asks: Sequence[CountAsk], tiles: Tiles) -> list[Counted]:
    """Asks that tell good from bad alike: their series are weighed once, their windows looked up together."""
    owners: dict[tuple[Name, int | None], int] = {}
    mine = [owners.setdefault((ask.name, ask.scope.version_id), len(owners)) for ask in asks]
    pairs = [
        (place, owner)
        for (name, version), owner in owners.items()
        for place, other in tiles.series.get(name, ())
        if version in (None, other)
    ]
    running = _running(asks[0], tiles, np.array(pairs, dtype=np.int64).reshape(-1, 2))
    sizes = [len(ask.edges) for ask in asks]
    edges = [snap(ask.edges, tiles.floors) for ask in asks]
    last = np.repeat(np.array([one[-1] for one in edges]), sizes)
    sums = running.since(np.repeat(np.array(mine), sizes), np.concatenate(edges), last)
    return [
        Counted(ask.edges, part, tiles.floors)
        for ask, part in zip(asks, np.split(sums, np.cumsum(sizes)[:-1]), strict=True)
    ]


def _running(ask: CountAsk, tiles: Tiles, pairs: Integers) -> Running:
    """Good and valid of the buckets at these places, by owner; `pairs` are (place, owner)."""
    places, owners = pairs[:, 0], pairs[:, 1]
    low, high = (np.searchsorted(tiles.place, places, side=side) for side in ("left", "right"))
    rows = spread(low, high)
    owner = np.repeat(owners, high - low)
    source, back = np.unique(tiles.source[rows], return_inverse=True)
    first, end = tiles.ends[source], tiles.ends[source + 1]
    pairs_of = spread(first, end)
    bins, counts = tiles.bins[pairs_of], tiles.counts[pairs_of]
    amounts = np.zeros((len(source), 2), dtype=np.int64)
    filled = end > first  # `reduceat` has no empty stretches
    starts = np.cumsum(end - first)[filled] - (end - first)[filled]
    for side, mask in enumerate(ask.marks(bins, ask.subject, ask.bound_ms)):
        if len(starts):
            amounts[filled, side] = np.add.reduceat(counts if mask.all() else counts * mask, starts)
    return Running(owner, tiles.tier[rows], tiles.start[rows], amounts[back])
