"""Fold stored predictions by a reference that came after them: a job, newest first, exactly once.

Each step takes some predictions below the reference's `reach`, adds what they fold to, and moves `reach` down to the
lowest of them, all in one transaction: a kill repeats nothing. It holds the references alone meanwhile, so that no
drain folds by the old reach what the step cannot see yet; a drain that comes later folds by the new one. A recount
decides by `reach` too.

Only what retention has left is there to be folded. Below the floor of raw events nothing is, even where rows are
still to be dropped; the reference then says from when on it is complete.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from models_registry.jobs import JobError, Step
from models_registry.models import Job
from monitoring.drain.fold import Folds
from monitoring.drain.merge import merge
from monitoring.drain.prepare import INDEX_BITS
from monitoring.drain.rows import PredictionRow
from monitoring.models import Bucket, Prediction, Reference
from monitoring.selectors.floors import NEVER, hold_floors, hold_references
from monitoring.selectors.references import Plan, profile_by
from monitoring.selectors.segments import read_keys

ROWS = 4_000  # of all versions: a step is short even where few of them are ours
_LOWEST = (
    f"SELECT MIN(id) FROM (SELECT id FROM {Prediction._meta.db_table} WHERE id < %s ORDER BY id DESC LIMIT {ROWS:d}) t"
)
_ROWS = (
    f"SELECT {', '.join(PredictionRow._fields)} FROM {Prediction._meta.db_table}"
    " WHERE id >= %s AND id < %s AND version_id = %s AND ts_us >= %s"
)


def refold(job: Job, *, now: datetime) -> Step:
    """The next predictions below the reach; finished when there are none."""
    hold_references(to_set=True)
    reference = Reference.objects.filter(pk=job.arguments.get("reference")).first()
    if reference is None:
        raise JobError("The reference is gone, and what it had folded with it; there is nothing left to do.")
    floor = hold_floors().events
    folded = int(job.report.get("folded", 0))
    low = _lowest_below(reference.reach)
    if low is None:
        partial_before = floor if _served_before(reference, floor) else None
        Reference.objects.filter(pk=reference.pk).update(reach=0, partial_before=partial_before)
        return Step({"reach": 0}, done=job.total or job.done, finished=True, report={"folded": folded})
    rows = _rows_of(reference, low, floor)
    _fold(reference, low, rows)
    Reference.objects.filter(pk=reference.pk).update(reach=low)
    report = {"folded": folded + len(rows)}
    return Step({"reach": low}, done=places_between(low, reference.since), report=report)


def places_between(low: int, high: int) -> int:
    """Places in the ingest sequence between two primary keys."""
    return (high >> INDEX_BITS) - (low >> INDEX_BITS)


def _lowest_below(reach: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOWEST, [reach])
        found: int | None = cursor.fetchone()[0]
    return found


def _rows_of(reference: Reference, low: int, floor: int) -> list[PredictionRow]:
    since_us = max(floor * 1_000_000, NEVER)
    given: Sequence[Any] = [low, reference.reach, reference.version_id, since_us]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, given)
        return [PredictionRow._make(row) for row in cursor.fetchall()]


def _fold(reference: Reference, low: int, rows: Sequence[PredictionRow]) -> None:
    plan = Plan(low, reference.reach, profile_by(reference.layout), reference.pk)
    folds = Folds({reference.version_id: [plan]}, read_keys([reference.version_id]))
    folds.add_features(rows)
    merge(folds)


def _served_before(reference: Reference, floor: int) -> bool:
    """Whether the summaries know of predictions that are too old to be here still."""
    told = Bucket.objects.filter(
        series__version=reference.version_id, series__metric="status", start__lt=floor, n__gt=0
    )
    return told.exists()
