"""Merge folded contributions into buckets: by series and time, in key order, adding and nothing else."""

from collections.abc import Iterable, Sequence

from monitoring.drain.buckets import BucketRow, Key, lock_buckets, write_buckets
from monitoring.drain.codes import Classes, SeriesName, owners, series_ids
from monitoring.drain.fold import Bin, Cell, Folds, Group, Slot
from monitoring.drain.sql import bulk_insert
from monitoring.models import DirtyHour
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import Floors, hold_floors
from monitoring.stats.histogram import pack, read_counts
from monitoring.stats.layouts import confusion_bin

Folded = tuple[Group, Slot, Cell]
HOUR = TIER_SECONDS[Tier.HOUR]


class Sum:
    """What is added to one bucket."""

    __slots__ = ("bins", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0
        self.bins: dict[int, int] = {}

    def add(self, n: int, total: int, bins: Iterable[tuple[int, int]]) -> None:
        """Add counts; bins may name a bin several times."""
        self.n += n
        self.total += total
        for bin_, count in bins:
            self.bins[bin_] = self.bins.get(bin_, 0) + count


def merge(folds: Folds) -> None:
    """Add the folds to the buckets and leave notes for the rollup. Last in a transaction: buckets are hot rows."""
    cells = list(folds.cells())
    if not cells:
        return
    sums = sums_by_bucket(cells, hold_floors())
    stored = lock_buckets(sums)
    write_buckets([_added(stored[key], sums[key]) for key in sorted(sums)])
    hours = {(series_id, start - start % HOUR) for series_id, tier, start in sums if tier != Tier.DAY}
    bulk_insert(DirtyHour, ("series_id", "start"), sorted(hours))


def sums_by_bucket(cells: Sequence[Folded], floors: Floors, *, create: bool = True) -> dict[Key, Sum]:
    """Cells with their series, class codes and bucket resolved; what retention has coarsened goes to coarser buckets.

    With `create=False` nothing is registered and cells of unknown series are under series 0.
    """
    owned = owners({group.version_id for group, _, _ in cells})
    names = {SeriesName(group.version_id, group.environment, slot) for group, slot, _ in cells}
    ids = series_ids(names, owned, create=create)
    classes = Classes(
        {(owned[group.version_id].model_id, value) for group, _, cell in cells for value in _classes(cell)},
        create=create,
    )
    sums: dict[Key, Sum] = {}
    for group, slot, cell in cells:
        series_id = ids.get(SeriesName(group.version_id, group.environment, slot), 0)
        key = (series_id, *floors.bucket(group.minute * 60))
        model_id = owned[group.version_id].model_id
        sums.setdefault(key, Sum()).add(
            cell.n, cell.total, ((_number(bin_, model_id, classes), count) for bin_, count in cell.bins.items())
        )
    return sums


def _classes(cell: Cell) -> Iterable[str]:
    for bin_ in cell.bins:
        if isinstance(bin_, str):
            yield bin_
        elif isinstance(bin_, tuple):
            yield from bin_


def _number(bin_: Bin, model_id: int, classes: Classes) -> int:
    if isinstance(bin_, int):
        return bin_
    if isinstance(bin_, str):
        return classes.code(model_id, bin_)
    true, predicted = bin_
    return confusion_bin(classes.code(model_id, true), classes.code(model_id, predicted))


def _added(stored: BucketRow, more: Sum) -> BucketRow:
    summed = read_counts(stored.bins)
    for bin_, count in more.bins.items():
        summed[bin_] = summed.get(bin_, 0) + count
    return stored._replace(n=stored.n + more.n, total=stored.total + more.total, bins=pack(summed))
