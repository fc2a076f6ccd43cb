"""Sums by slot, version, environment and minute: counting, measuring and naming, by columns. Pure addition.

Rows that are in segments are counted once, at the place of all their segments together; what a segment and the whole
come to is added up from these places in the end.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress, count, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.stats.layouts import CATEGORY, CONFUSION, SIDES, WORDS, log_bins


class Slot(NamedTuple):
    """A series of one version and environment."""

    metric: str
    key: str
    layout: str


# A class (decision) or word, or two classes (true, predicted): the merge step makes codes of them.
Named = str | tuple[str, str]
Columns = Mapping[str, Sequence[Any]]
Integers = NDArray[np.int64]
NAMED = frozenset({CATEGORY, CONFUSION, WORDS, *SIDES})
# A place and a bin in one integer: bins may be negative, and those with a name and a score take more than 32 bits.
BIN_BITS, BIN_SHIFT = 40, 2**39
BIN_MASK = 2**BIN_BITS - 1
SUMMABLE = 2**62


class Cell(NamedTuple):
    """A sum that belongs to one slot of one version, environment and minute; `names` where its bins are named."""

    n: int
    total: int
    bins: NDArray[np.int64]
    counts: NDArray[np.int64]
    names: Sequence[Named] | None = None


class Group(NamedTuple):
    """Whose minute it is; `segment` is empty for the whole."""

    version_id: int
    environment: str
    minute: int
    segment: str = ""


Segments = tuple[str, ...]
NOWHERE: Segments = ()
Place = (
    int  # the number of a version, environment, minute and set of segments: hashed once for all that is counted there
)


class Counted(NamedTuple):
    """Places that were counted, with how often."""

    keys: NDArray[np.int64]
    times: NDArray[np.int64]


class Sums:
    """Sums under way. Addition only: any order gives the same."""

    def __init__(self) -> None:
        # What is new gets the next number by being looked up.
        self._places: defaultdict[tuple[int, str, int, Segments], Place] = defaultdict(count().__next__)
        self._names: defaultdict[Named, int] = defaultdict(count().__next__)
        self._events: defaultdict[Slot, list[Counted]] = defaultdict(list)  # by place
        self._bins: defaultdict[Slot, list[Counted]] = defaultdict(list)  # by place and bin
        self._totals: defaultdict[Slot, defaultdict[Place, int]] = defaultdict(lambda: defaultdict(int))

    def places(
        self,
        versions: Iterable[int],
        environments: Iterable[str],
        minutes: Iterable[int],
        segments: Iterable[Segments] | None = None,
    ) -> Integers:
        """The place of each row, by its version, environment, minute since the epoch and segments; shape (rows,)."""
        where = zip(versions, environments, minutes, repeat(NOWHERE) if segments is None else segments, strict=False)
        return np.array(list(map(self._places.__getitem__, where)), dtype=np.int64)

    def cells(self, minute_of: Callable[[int], int] = int) -> Iterator[tuple[Group, Slot, Cell]]:
        """Every sum that is not nothing; minutes for which `minute_of` gives the same one are summed as that one."""
        groups, spread = _groups(self._places, minute_of)
        names = list(self._names)
        for slot in self._events:
            events, bins = spread.counts(self._events[slot], 0), spread.counts(self._bins[slot], BIN_BITS)
            totals = spread.totals(self._totals[slot])
            n = dict(zip(events.keys.tolist(), events.times.tolist(), strict=True))
            owners, found = bins.keys >> BIN_BITS, (bins.keys & BIN_MASK) - BIN_SHIFT
            places = sorted({*n, *totals, *owners.tolist()})
            bounds = np.searchsorted(owners, [*places, len(groups)]).tolist()
            named = names if slot.layout in NAMED else None
            for place, low, high in zip(places, bounds, bounds[1:], strict=False):
                mine = Cell(n.get(place, 0), totals.get(place, 0), found[low:high], bins.times[low:high], named)
                yield groups[place], slot, mine

    def named(self, names: Iterable[Named]) -> list[int]:
        """Bins of a layout whose bins are named."""
        return list(map(self._names.__getitem__, names))

    def add(self, slot: Slot, places: Integers, times: ArrayLike) -> None:
        """Add so many events to n, without bins."""
        self._events[slot].append(Counted(places, np.broadcast_to(np.asarray(times, dtype=np.int64), places.shape)))

    def count(self, slot: Slot, places: Integers, bins: ArrayLike, sign: int) -> None:
        """Each event adds one to n and to its bin."""
        if not len(places):
            return
        where, times = np.unique(places, return_counts=True)
        self.add(slot, where, sign * times)
        self.grow(slot, places, bins, sign)

    def grow(self, slot: Slot, places: Integers, bins: ArrayLike, times: ArrayLike) -> None:
        """Add so often to these bins."""
        keys = (places << BIN_BITS) | (np.asarray(bins, dtype=np.int64) + BIN_SHIFT)
        self._bins[slot].append(Counted(keys, np.broadcast_to(np.asarray(times, dtype=np.int64), keys.shape)))

    def measure(self, slot: Slot, places: Integers, values: Sequence[Any], sign: int) -> None:
        """Each value that is known counts, in the bin of its logarithm, and adds itself to the total (exactly)."""
        if None in values:
            known = [value is not None for value in values]
            places, values = places[known], list(compress(values, known))
        self.count(slot, places, log_bins(values), sign)
        self.total(slot, places, values, sign)

    def total(self, slot: Slot, places: Integers, values: Sequence[int], sign: int) -> None:
        """Add each value to the total, exactly."""
        totals = self._totals[slot]
        for place, total in _totals(places, values):
            totals[place] += sign * total


class Spread:
    """From places to the groups that each counts in: the whole, and every segment of it."""

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        """`groups` of each place; where each is a group of its own there is nothing to spread."""
        self._groups = groups
        self._widths = np.array([len(mine) for mine in groups], dtype=np.int64)
        self._flat = np.array([group for mine in groups for group in mine], dtype=np.int64)
        self._firsts = np.cumsum(self._widths) - self._widths
        self._trivial = bool(np.array_equal(self._flat, np.arange(len(groups))))

    def counts(self, parts: Sequence[Counted], shift: int) -> Counted:
        """The sums of each group; the place is in the bits of a key from `shift` up."""
        found = _summed(parts)
        if self._trivial or not len(found.keys):
            return found
        places = found.keys >> shift
        widths = self._widths[places]
        nth = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
        groups = self._flat[np.repeat(self._firsts[places], widths) + nth]
        rest = np.repeat(found.keys - (places << shift), widths)
        return _summed([Counted((groups << shift) + rest, np.repeat(found.times, widths))])

    def totals(self, given: Mapping[Place, int]) -> dict[int, int]:
        """The totals of each group that are not nothing."""
        if self._trivial:
            return {place: total for place, total in given.items() if total}
        sums: defaultdict[int, int] = defaultdict(int)
        for place, total in given.items():
            for group in self._groups[place]:
                sums[group] += total
        return {group: total for group, total in sums.items() if total}


def _groups(
    places: Iterable[tuple[int, str, int, Segments]], minute_of: Callable[[int], int]
) -> tuple[list[Group], Spread]:
    """Every group that something counts in, and which of them each place is in."""
    numbers: dict[Group, int] = {}
    spread = [
        [
            numbers.setdefault(Group(version_id, environment, minute_of(minute), segment), len(numbers))
            for segment in ("", *segments)
        ]
        for version_id, environment, minute, segments in places
    ]
    return list(numbers), Spread(spread)


def _totals(places: Integers, values: Sequence[int]) -> Iterator[tuple[Place, int]]:
    """The sum of the values of each place, in Python's integers where 64 bits might not hold it."""
    if not len(values):
        return
    try:
        given = np.array(values, dtype=np.int64)
    except OverflowError:
        given = None
    if given is None or max(int(given.max()), -int(given.min())) > SUMMABLE // len(given):
        yield from zip(places.tolist(), values, strict=True)
        return
    where, which = np.unique(places, return_inverse=True)
    sums = np.zeros(len(where), dtype=np.int64)
    np.add.at(sums, which, given)
    yield from zip(where.tolist(), sums.tolist(), strict=True)


def _summed(parts: Sequence[Counted]) -> Counted:
    """Each key once, ascending; without those that came to nothing."""
    if not parts:
        return Counted(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    keys, times = np.concatenate([part.keys for part in parts]), np.concatenate([part.times for part in parts])
    order = np.argsort(keys)  # not stable: what is equal is added up
    keys = keys[order]
    heads = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    sums = np.add.reduceat(times[order], heads)
    kept = sums != 0
    return Counted(keys[heads[kept]], sums[kept])
