"""Store a prepared batch: keys, rows of the winners, joins, folds. Runs inside the caller's transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter

import msgspec

from models_registry.models import Deployment
from monitoring.drain.counts import Counts
from monitoring.drain.join import AMENDABLE, join, name_early, name_targets
from monitoring.drain.keys import await_targets, claim_keys
from monitoring.drain.merge import merge
from monitoring.drain.prepare import Batch
from monitoring.drain.rows import MODELS, BusinessEventRow, FeedbackRow, LateRow, OutcomeRow, Row
from monitoring.drain.sql import bulk_insert, prefer_indexes

NOTE_LENGTH = 300
_PROJECT = attrgetter("project_id")


def store(batch: Batch, counts: Counts) -> None:
    """Store what is new, fold it, and count what is stored and what is duplicate."""
    prefer_indexes()
    won, adopted = claim_keys(batch.rows, batch.kinds) if batch.rows else (set(), set())
    winners = [row for key, row in batch.rows.items() if key in won]
    losers = [row for key, row in batch.rows.items() if key not in won]
    batch.folds.add_all(losers, sign=-1)
    for column, rows in (("stored", winners), ("duplicate", losers)):
        for (project_id, row_type), times in Counter(zip(map(_PROJECT, rows), map(type, rows), strict=True)).items():
            counts.item((project_id, batch.kinds[row_type]), column, times)
    for place in batch.repeats:
        counts.item(place, "duplicate")
    _insert(winners, adopted, batch)
    _mark_changes(winners)
    merge(batch.folds)


def _insert(winners: Sequence[Row], adopted: set[bytes], batch: Batch) -> None:
    """Events first, then what was said of them, then the joins that this makes possible."""
    by_type: defaultdict[type[Row], list[Row]] = defaultdict(list)
    late: list[LateRow] = []
    for row in winners:
        if isinstance(row, LateRow):
            late.append(row)
        else:
            by_type[type(row)].append(row)
    for row_type, rows in by_type.items():
        _bulk(row_type, rows)
    spoken_of = {row.target for row in late} | adopted
    if not spoken_of:
        return
    targets = await_targets(spoken_of, seen_us=max(row.ingested_us for row in batch.rows.values()))
    for row_type in (OutcomeRow, FeedbackRow):
        _bulk(row_type, name_targets((row for row in late if type(row) is row_type), targets))
    name_early(adopted & targets.keys(), targets)
    join(targets, batch.folds)


def _bulk(row_type: type[Row], rows: Sequence[Row]) -> None:
    """What is served starts with the defaults of the database for everything that comes later."""
    sent = len(row_type._fields) - (len(row_type._field_defaults) if row_type in AMENDABLE else 0)
    bulk_insert(MODELS[row_type], row_type._fields[:sent], [row[:sent] for row in rows])


def _mark_changes(winners: Iterable[Row]) -> None:
    """Deploys and prompt changes become lines on the charts, once per event."""
    kinds = set(Deployment.Kind.values)
    marks = [
        Deployment(
            version_id=event.version_id,
            kind=event.kind,
            environment=msgspec.json.decode(event.payload).get("environment", "production"),
            at=datetime.fromtimestamp(event.ts_us / 1_000_000, tz=UTC),
            note=event.name[:NOTE_LENGTH],
            event_ref=event.id,
        )
        for event in winners
        if isinstance(event, BusinessEventRow) and event.kind in kinds and event.version_id is not None
    ]
    Deployment.objects.bulk_create(marks, ignore_conflicts=True)
