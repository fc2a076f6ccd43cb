"""Merge folded contributions into buckets: by series and time, in key order, adding and nothing else."""

from monitoring.drain.buckets import BucketRow, lock_buckets, sum_buckets, write_buckets
from monitoring.drain.codes import SeriesName, owners, series_ids
from monitoring.drain.fold import Folds
from monitoring.drain.names import Names
from monitoring.drain.sql import bulk_insert
from monitoring.models import DirtyHour
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import Floors, hold_floors
from monitoring.stats.histogram import pack_each
from monitoring.stats.layouts import HOURLY

HOUR = TIER_SECONDS[Tier.HOUR]


def merge(folds: Folds) -> None:
    """Add the folds to the buckets and leave notes for the rollup. Last in a transaction: buckets are hot rows."""
    sums = sums_by_bucket(folds, hold_floors())
    if not sums:
        return
    write_buckets(sum_buckets([*lock_buckets({row[:3] for row in sums}), *sums]))
    hours = {(row.series_id, row.start - row.start % HOUR) for row in sums if row.tier != Tier.DAY}
    bulk_insert(DirtyHour, ("series_id", "start"), sorted(hours))


def sums_by_bucket(folds: Folds, floors: Floors, *, create: bool = True) -> list[BucketRow]:
    """What the folds add to their buckets; what retention has coarsened is summed by coarser ones.

    With `create=False` nothing is registered and cells of unknown series are under series 0.
    """
    cells = list(folds.cells(lambda minute: floors.bucket(minute * 60)[1] // 60))
    if not cells:
        return []
    owned = owners({group.version_id for group, _, _ in cells})
    names = Names(cells, {version_id: owner.model_id for version_id, owner in owned.items()}, create=create)
    segments = {group: names.segment(group) for group in {group for group, _, _ in cells}}
    series = [SeriesName(group.version_id, group.environment, segments[group], slot) for group, slot, _ in cells]
    ids = series_ids(set(series), owned, create=create)
    bins = pack_each([names.numbers(*cell) for cell in cells], [cell.counts for _, _, cell in cells])
    return [
        BucketRow(
            ids.get(name, 0),
            *floors.bucket(group.minute * 60, hourly=slot.metric in HOURLY),
            cell.n,
            cell.total,
            packed,
        )
        for name, (group, slot, cell), packed in zip(series, cells, bins, strict=True)
    ]
