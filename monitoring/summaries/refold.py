"""Fold stored predictions by a reference, or by the trees of an estimator, that came after them: newest first, exactly once.

Each step of the job takes some predictions below the `reach`, adds what they fold to, and moves `reach` down to the
lowest of them, all in one transaction: a kill repeats nothing. It holds the references alone meanwhile, so that no
drain folds by the old reach what the step cannot see yet; a drain that comes later folds by the new one. A recount
decides by `reach` too.

Only what retention has left is there to be folded. Below the floor of raw events nothing is, even where rows are
still to be dropped; it then says from when on it is complete.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from models_registry.jobs import JobError, Step
from models_registry.models import Job
from monitoring.drain.fold import Folds
from monitoring.drain.merge import merge
from monitoring.drain.rows import PredictionRow
from monitoring.models import Bucket, LossTrees, Prediction, Reaching, Reference
from monitoring.selectors.floors import NEVER, hold_floors, hold_references
from monitoring.selectors.plans import LossPlan, Plan, trees_by
from monitoring.selectors.references import profile_by
from monitoring.selectors.segments import read_keys
from monitoring.summaries.reach import places_between

ROWS = 4_000  # of all versions: a step is short even where few of them are ours
_LOWEST = (
    f"SELECT MIN(id) FROM (SELECT id FROM {Prediction._meta.db_table} WHERE id < %s ORDER BY id DESC LIMIT {ROWS:d}) t"
)
_ROWS = (
    f"SELECT {', '.join(PredictionRow._fields)} FROM {Prediction._meta.db_table}"
    " WHERE id >= %s AND id < %s AND version_id = %s AND ts_us >= %s"
)


class Found(NamedTuple):
    """What folds, whose predictions, and how; where it begins and ends is said by each step."""

    row: Reaching
    version_id: int
    plan: Plan | LossPlan


def refold(job: Job, *, now: datetime) -> Step:
    """The next predictions below the reach; finished when there are none."""
    hold_references(to_set=True)
    found = _found(job)
    floor = hold_floors().events
    folded = int(job.report.get("folded", 0))
    low = _lowest_below(found.row.reach)
    if low is None:
        partial_before = floor if _served_before(found.version_id, floor) else None
        _move(found.row, reach=0, partial_before=partial_before)
        return Step({"reach": 0}, done=job.total or job.done, finished=True, report={"folded": folded})
    rows = _rows_of(found, low, floor)
    _fold(found, low, rows)
    _move(found.row, reach=low)
    report = {"folded": folded + len(rows)}
    return Step({"reach": low}, done=places_between(low, found.row.since), report=report)


def _found(job: Job) -> Found:
    """By the arguments of the job."""
    if "trees" in job.arguments:
        trees = LossTrees.objects.select_related("estimator__reference").filter(pk=job.arguments["trees"]).first()
        if trees is None or trees.estimator.reference is None:
            raise JobError("The estimator or its reference is gone; there is nothing left to do.")
        profile = profile_by(trees.estimator.reference.layout)
        plan = LossPlan(0, 0, profile, trees_by(trees.layout), trees.layout, trees.pk)
        return Found(trees, trees.estimator.version_id, plan)
    reference = Reference.objects.filter(pk=job.arguments.get("reference")).first()
    if reference is None:
        raise JobError("The reference is gone, and what it had folded with it; there is nothing left to do.")
    return Found(reference, reference.version_id, Plan(0, 0, profile_by(reference.layout), reference.pk))


def _move(row: Reaching, **columns: int | None) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(**columns)


def _lowest_below(reach: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOWEST, [reach])
        found: int | None = cursor.fetchone()[0]
    return found


def _rows_of(found: Found, low: int, floor: int) -> list[PredictionRow]:
    since_us = max(floor * 1_000_000, NEVER)
    given: Sequence[Any] = [low, found.row.reach, found.version_id, since_us]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, given)
        return [PredictionRow._make(row) for row in cursor.fetchall()]


def _fold(found: Found, low: int, rows: Sequence[PredictionRow]) -> None:
    plan = found.plan._replace(since=low, until=found.row.reach)
    folds = Folds({found.version_id: [plan]}, read_keys([found.version_id]))
    folds.add_features(rows)
    merge(folds)


def _served_before(version_id: int, floor: int) -> bool:
    """Whether the summaries know of predictions that are too old to be here still."""
    told = Bucket.objects.filter(series__version=version_id, series__metric="status", start__lt=floor, n__gt=0)
    return told.exists()
