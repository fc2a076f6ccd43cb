"""Store a prepared batch: keys, rows of the winners, joins, folds. Runs inside the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from models_registry.models import Deployment
from monitoring.drain.counts import Counts
from monitoring.drain.join import join, name_early, name_targets
from monitoring.drain.keys import await_targets, claim_keys
from monitoring.drain.merge import merge
from monitoring.drain.prepare import Batch
from monitoring.drain.rows import (
    MODELS,
    BusinessEventRow,
    FeedbackRow,
    LateRow,
    LLMCallRow,
    OutcomeRow,
    PredictionRow,
    Row,
)
from monitoring.drain.sql import bulk_insert, prefer_indexes

NOTE_LENGTH = 300


def store(batch: Batch, counts: Counts) -> None:
    """Store what is new, fold it, and count what is stored and what is duplicate."""
    prefer_indexes()
    won, adopted = claim_keys(batch.rows, batch.kinds) if batch.rows else (set(), set())
    by_type: defaultdict[type[Row], list[Row]] = defaultdict(list)
    for key, row in batch.rows.items():
        place = (row.project_id, batch.kinds[type(row)])
        if key in won:
            by_type[type(row)].append(row)
            counts.item(place, "stored")
        else:
            counts.item(place, "duplicate")
            if isinstance(row, PredictionRow | LLMCallRow):
                batch.folds.add(row, -1)
    for place in batch.repeats:
        counts.item(place, "duplicate")
    _insert(by_type, adopted, batch)
    _mark_changes(row for row in by_type[BusinessEventRow] if isinstance(row, BusinessEventRow))
    merge(batch.folds)


def _insert(by_type: dict[type[Row], list[Row]], adopted: set[bytes], batch: Batch) -> None:
    """Events first, then what was said of them, then the joins that this makes possible."""
    late = {
        row_type: [row for row in by_type.pop(row_type, []) if isinstance(row, LateRow)]
        for row_type in (OutcomeRow, FeedbackRow)
    }
    for row_type, rows in by_type.items():
        _bulk(row_type, rows)
    spoken_of = {row.target for rows in late.values() for row in rows} | adopted
    if not spoken_of:
        return
    targets = await_targets(spoken_of, seen_us=max(row.ingested_us for row in batch.rows.values()))
    for row_type, rows in late.items():
        _bulk(row_type, name_targets(rows, targets))
    name_early(adopted & targets.keys(), targets)
    join(targets, batch.folds)


def _bulk(row_type: type[Row], rows: Sequence[Row]) -> None:
    bulk_insert(MODELS[row_type], row_type._fields, rows)


def _mark_changes(events: Iterable[BusinessEventRow]) -> None:
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
        for event in events
        if event.kind in kinds and event.version_id is not None
    ]
    Deployment.objects.bulk_create(marks, ignore_conflicts=True)
