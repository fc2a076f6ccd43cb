"""Merge folded contributions into buckets: by series and time, in key order, adding and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from monitoring.drain.buckets import BucketRow, Key, lock_buckets, write_buckets
from monitoring.drain.codes import CLASS, Codes, SeriesName, Word, owners, series_ids
from monitoring.drain.fold import Cell, Folds, Group, Named, Slot
from monitoring.drain.sql import bulk_insert
from monitoring.models import DirtyHour
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import Floors, hold_floors
from monitoring.selectors.segments import field_of
from monitoring.stats.histogram import merge_each, pack_arrays
from monitoring.stats.layouts import HOURLY, PAST_CAP, SIDES, WORDS, confusion_bin, of_classes, scored_classes
from monitoring.stats.segments import OTHER, RESERVED, segment_of, split_segment

Folded = tuple[Group, Slot, Cell]
HOUR = TIER_SECONDS[Tier.HOUR]


@dataclass(slots=True)
class Sum:
    """What is added to one bucket: packed histograms that still have to be merged."""

    n: int = 0
    total: int = 0
    bins: list[bytes] = field(default_factory=list)


def merge(folds: Folds) -> None:
    """Add the folds to the buckets and leave notes for the rollup. Last in a transaction: buckets are hot rows."""
    cells = list(folds.cells())
    if not cells:
        return
    sums = sums_by_bucket(cells, hold_floors())
    write_buckets(_added(lock_buckets(sums), sums))
    hours = {(series_id, start - start % HOUR) for series_id, tier, start in sums if tier != Tier.DAY}
    bulk_insert(DirtyHour, ("series_id", "start"), sorted(hours))


def sums_by_bucket(cells: Sequence[Folded], floors: Floors, *, create: bool = True) -> dict[Key, Sum]:
    """Cells with their series, codes and bucket resolved; what retention has coarsened goes to coarser buckets.

    With `create=False` nothing is registered and cells of unknown series are under series 0.
    """
    owned = owners({group.version_id for group, _, _ in cells})
    codes = Codes(
        {word for group, slot, cell in cells for word in words_of(group, cell, owned[group.version_id].model_id, slot)},
        create=create,
    )
    segments = {group: _segment(group, owned[group.version_id].model_id, codes) for group, _, _ in cells}
    series = [SeriesName(group.version_id, group.environment, segments[group], slot) for group, slot, _ in cells]
    ids = series_ids(set(series), owned, create=create)
    sums: dict[Key, Sum] = {}
    for name, (group, slot, cell) in zip(series, cells, strict=True):
        series_id = ids.get(name, 0)
        key = (series_id, *floors.bucket(group.minute * 60, hourly=slot.metric in HOURLY))
        numbers = numbers_of(cell, owned[group.version_id].model_id, slot, codes)
        sum_ = sums.setdefault(key, Sum())
        sum_.n += cell.n
        sum_.total += cell.total
        sum_.bins.append(pack_arrays(numbers, cell.counts))
    return sums


def _field(slot: Slot) -> str:
    """Whose table of codes the names of a slot are in."""
    return slot.metric if slot.layout == WORDS else CLASS


def _named(cell: Cell, slot: Slot) -> list[Named]:
    """The names in a cell: of each of its bins, or of the classes that its scores are of."""
    if cell.names is None:
        return []
    numbers = _heads(scored_classes(cell.bins, SIDES[slot.layout])) if slot.layout in SIDES else cell.bins
    return list(map(cell.names.__getitem__, numbers.tolist()))


def _heads(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each number once: bins ascend, and with them their classes."""
    return ascending[np.flatnonzero(np.diff(ascending, prepend=-1))]


def words_of(group: Group, cell: Cell, model_id: int, slot: Slot) -> Iterator[Word]:
    """What of a cell, and of whose it is, needs a code."""
    if group.segment and (word := _value(group.segment, model_id)):
        yield word
    field = _field(slot)
    for name in _named(cell, slot):
        for value in (name,) if isinstance(name, str) else name:
            yield Word(model_id, field, value)


def _value(segment: str, model_id: int) -> Word | None:
    """What gives a segment its right to be: the code of its value. Nothing gives it to those that are always there."""
    key, value = split_segment(segment)
    return None if value in RESERVED else Word(model_id, field_of(key), value)


def _segment(group: Group, model_id: int, codes: Codes) -> str:
    """The segment, or *other* where its key was full before its value came."""
    word = _value(group.segment, model_id) if group.segment else None
    if word is None or codes.code(word) != PAST_CAP:
        return group.segment
    return segment_of(split_segment(group.segment)[0], OTHER)


def numbers_of(cell: Cell, model_id: int, slot: Slot, codes: Codes) -> NDArray[np.int64]:
    """The bins of the layout: codes where they are classes or words."""
    if cell.names is None:
        return cell.bins
    field = _field(slot)
    found = np.array([_number(name, model_id, field, codes) for name in _named(cell, slot)], dtype=np.int64)
    if slot.layout not in SIDES:
        return found
    names = scored_classes(cell.bins, SIDES[slot.layout])
    return of_classes(cell.bins, found[np.searchsorted(_heads(names), names)] - names, SIDES[slot.layout])


def _number(name: Named, model_id: int, field: str, codes: Codes) -> int:
    if isinstance(name, str):
        return codes.code(Word(model_id, field, name))
    return confusion_bin(*(codes.code(Word(model_id, field, part)) for part in name))


def _added(stored: Mapping[Key, BucketRow], sums: Mapping[Key, Sum]) -> list[BucketRow]:
    """The buckets with what is added to them, in key order; all histograms are merged in one go."""
    keys = sorted(sums)
    datas = [[stored[key].bins, *sums[key].bins] for key in keys]
    firsts = np.cumsum([0, *map(len, datas[:-1])])
    merged = merge_each(list(chain.from_iterable(datas)), firsts)
    return [
        stored[key]._replace(
            n=stored[key].n + sums[key].n, total=stored[key].total + sums[key].total, bins=pack_arrays(bins, counts)
        )
        for key, (bins, counts) in zip(keys, merged, strict=True)
    ]
