"""Store a prepared batch: keys, rows of the winners, joins, folds. Runs inside the caller's transaction."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection

from models_registry.models import Deployment
from monitoring.drain.calls import store_calls
from monitoring.drain.counts import Counts
from monitoring.drain.fold.sums import Columns
from monitoring.drain.join import AMENDABLE, Targets, join, name_early, name_targets
from monitoring.drain.keys import await_targets, claim_keys, claim_kind
from monitoring.drain.merge import merge
from monitoring.drain.metrics import store_points
from monitoring.drain.patterns import see_patterns
from monitoring.drain.plain import Plain
from monitoring.drain.prepare import Batch
from monitoring.drain.prompts import Prompts
from monitoring.drain.rows import (
    MODELS,
    BusinessEventRow,
    FeedbackRow,
    LateRow,
    LLMCallRow,
    LogRecordRow,
    OutcomeRow,
    PredictionRow,
    Row,
    by_type,
    columns_of,
)
from monitoring.drain.spans import store_spans
from monitoring.drain.sql import insert_columns, prefer_indexes
from monitoring.drain.user_days import add_user_days, forget_last
from monitoring.models.log_text import index_lines

NOTE_LENGTH = 300
LATE: dict[type[LateRow], str] = {OutcomeRow: "outcome", FeedbackRow: "feedback"}
_PROJECT = attrgetter("project_id")


def store(batch: Batch, counts: Counts) -> None:
    """Store what is new, fold it, and count what is stored and what is duplicate."""
    prefer_indexes()
    new_spans = {row.id for row in store_spans(batch.spans, counts)}
    if batch.plain is not None:
        if _store_plain(batch.plain, batch.kinds[PredictionRow], counts):
            _finish(batch, new_spans, (), counts)
            return
        batch.rows = batch.plain.rows()
    won, adopted = claim_keys(batch.rows, batch.kinds) if batch.rows else (set(), set())
    everything = len(won) == len(batch.rows)  # the usual case, and a row looked at is a row paid for
    new = batch.rows.values() if everything else [row for key, row in batch.rows.items() if key in won]
    winners = by_type(new)
    losers = by_type([] if everything else [row for key, row in batch.rows.items() if key not in won])
    for rows in losers.values():
        batch.folds.add_all(rows, sign=-1)
    for column, found in (("stored", winners), ("duplicate", losers)):
        for row_type, rows in found.items():
            for project_id, times in Counter(map(_PROJECT, rows)).items():
                counts.item((project_id, batch.kinds[row_type]), column, times)
    for place in batch.repeats:
        counts.item(place, "duplicate")
    _insert(winners, adopted, batch, counts, known=batch.columns if everything else {})
    _mark_changes(winners[BusinessEventRow], batch.prompts)
    _finish(batch, new_spans | {row.id for row in winners[LogRecordRow]}, winners[LLMCallRow], counts)
    see_patterns(winners[LogRecordRow])


def _finish(batch: Batch, records: Collection[int], calls: Iterable[LLMCallRow], counts: Counts) -> None:
    """What these records tell of calls, then the sums: buckets are hot rows, and users' days come after them."""
    new = [sight for sight in batch.sights if sight.pk in records]
    change = store_calls(new, batch.calls, counts, batch.folds)
    batch.folds.add_cells(store_points(batch.points, counts))
    merge(batch.folds)
    add_user_days([*calls, *change.new], old=change.old)
    if change.old:
        forget_last(change.old, change.new)


def _store_plain(plain: Plain, kind: str, counts: Counts) -> bool:
    """Store predictions by columns; False, and nothing is stored, where an identity is known already."""
    columns = plain.columns
    if not claim_kind(kind, plain.keys, columns["id"], columns["ingested_us"]):
        return False
    for project_id, times in Counter(columns["project_id"]).items():
        counts.item((project_id, kind), "stored", times)
    _bulk(PredictionRow, columns)
    return True


def _insert(
    winners: Mapping[type[Row], list[Any]],
    adopted: set[bytes],
    batch: Batch,
    counts: Counts,
    *,
    known: Mapping[type[Row], Columns],
) -> None:
    """Events first, then what was said of them, then the joins that this makes possible."""
    late: list[LateRow] = [row for row_type in LATE for row in winners.get(row_type, ())]
    for row_type, rows in winners.items():
        if row_type not in LATE:
            _bulk(row_type, known.get(row_type) or columns_of(rows))
    spoken_of = {row.target for row in late} | adopted
    if not spoken_of:
        return
    targets = await_targets(spoken_of, seen_us=max(row.ingested_us for row in batch.rows.values()))
    for row_type in LATE:
        named = name_targets(winners.get(row_type, ()), targets)
        if named:
            _bulk(row_type, columns_of(named))
        orphans = Counter(row.project_id for row in named if row.target_ref is None)
        orphans.subtract(_adopted(row_type, adopted & targets.keys(), targets, batch))
        for project_id, times in orphans.items():
            if not times:
                continue  # no line in the ledger for a kind that nobody sent
            counts.item((project_id, LATE[row_type]), "orphaned", times)
    join(targets, batch.folds)


def _adopted(row_type: type[LateRow], keys: set[bytes], targets: Targets, batch: Batch) -> dict[int, int]:
    """Rows of each project that were orphans until now."""
    by_project: defaultdict[int, set[bytes]] = defaultdict(set)
    for key in keys:
        by_project[batch.rows[key].project_id].add(key)
    return {project_id: name_early(mine, targets, row_type) for project_id, mine in by_project.items()}


def _bulk(row_type: type[Row], columns: Columns) -> None:
    """What is served starts with the defaults of the database for everything that comes later."""
    sent = len(row_type._fields) - (len(row_type._field_defaults) if row_type in AMENDABLE else 0)
    insert_columns(MODELS[row_type], {name: columns[name] for name in row_type._fields[:sent]})
    if row_type is LogRecordRow:
        index_lines(connection, columns["id"])


def _mark_changes(winners: Iterable[BusinessEventRow], prompts: Prompts) -> None:
    """Deploys and prompt changes become lines on the charts, once per event."""
    kinds = set(Deployment.Kind.values)
    marks = [
        _mark(event, event.version_id, msgspec.json.decode(event.payload), prompts)
        for event in winners
        if event.kind in kinds and event.version_id is not None
    ]
    Deployment.objects.bulk_create(marks, ignore_conflicts=True)


def _mark(event: BusinessEventRow, version_id: int, payload: dict[str, Any], prompts: Prompts) -> Deployment:
    named = payload.get("prompt_name", ""), payload.get("prompt_version", "")
    return Deployment(
        version_id=version_id,
        kind=event.kind,
        environment=payload.get("environment", "production"),
        at=datetime.fromtimestamp(event.ts_us / 1_000_000, tz=UTC),
        note=(event.name or "@".join(filter(None, named)))[:NOTE_LENGTH],
        event_ref=event.id,
        prompt_version=prompts.get((event.project_id, *named)),
    )
