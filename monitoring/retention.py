"""Forget what is past its time, in chunks, without changing a single sum.

Minutes go only when their hours are rolled up, hours only when their days are. The floor is moved first, in a
transaction that waits for every drain that still folds by the old one; only then are rows below it dropped. From then
on late truth is folded into the finest bucket that remains (docs/decisions/0004-late-truth-below-the-floor.md).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min

from lib.stage import Summary
from models_registry.models import Model, Project
from monitoring.models import (
    BatchRun,
    BusinessEvent,
    DirtyHour,
    EventKey,
    Feedback,
    LLMCall,
    LogRecord,
    MetricStream,
    Outcome,
    PolicyEvent,
    Prediction,
    RetentionFloor,
    Span,
    UserDay,
)
from monitoring.models.events import Event
from monitoring.models.summaries import TIER_SECONDS, Tier
from monitoring.selectors.floors import Floors, hold_floors

ROWS_PER_CHUNK = 2_000
PASS_SECONDS = 10.0
EVENTS: tuple[type[Event], ...] = (Prediction, LLMCall, Outcome, Feedback, BusinessEvent, Span)
HOUR, DAY = TIER_SECONDS[Tier.HOUR], TIER_SECONDS[Tier.DAY]
Kind = RetentionFloor.Kind


def retain(*, now: datetime) -> Summary:
    """One bounded pass: written is the number of rows dropped."""
    ages: Mapping[str, timedelta] = settings.RETENTION
    floors = _move_floors(now, ages)
    deadline = time.monotonic() + PASS_SECONDS
    dropped = 0
    for table, condition, bound in _past(floors, now, ages):
        while time.monotonic() < deadline:
            rows = _drop(table, condition, bound)
            dropped += rows
            if rows < ROWS_PER_CHUNK:
                break
    return Summary(seen=dropped, written=dropped)


def _move_floors(now: datetime, ages: Mapping[str, timedelta]) -> Floors:
    """Floors never move back, never past an hour that still waits for the rollup, never hours above minutes."""
    with transaction.atomic():
        before = hold_floors(to_move=True)
        waiting: int | None = DirtyHour.objects.aggregate(start=Min("start"))["start"]
        minutes = _aligned(now - ages["minutes"], HOUR, waiting)
        hours = _aligned(now - ages["hours"], DAY, minutes)
        moved = Floors(
            events=max(before.events, _aligned(now - ages["events"], DAY, None)),
            logs=max(before.logs, _aligned(now - ages["logs"], DAY, None)),
            minutes=max(before.minutes, minutes),
            hours=max(before.hours, hours),
        )
        for kind in Kind:
            RetentionFloor.objects.update_or_create(kind=kind, defaults={"start": getattr(moved, kind.value)})
    return moved


def _aligned(moment: datetime, width: int, at_most: int | None) -> int:
    epoch = int(moment.timestamp())
    bound = epoch if at_most is None else min(epoch, at_most)
    return bound - bound % width


def _past(floors: Floors, now: datetime, ages: Mapping[str, timedelta]) -> list[tuple[str, str, Any]]:
    """(table, condition, bound) of everything to drop."""
    # what names users goes no sooner than the events it comes from: these can still change it
    users = _aligned(now - max(ages["users"], ages["events"]), DAY, None)
    events = [(model._meta.db_table, floors.events) for model in EVENTS]
    events.append((LogRecord._meta.db_table, floors.logs))
    return [
        # by project and second, for that is what the page index of events holds
        *(
            (table, f"project_id = {project_id:d} AND ts_us / 1000000 < %s", bound)
            for project_id in Project.objects.values_list("id", flat=True)
            for table, bound in events
        ),
        *(
            (UserDay._meta.db_table, f"model_id = {model_id:d} AND day < %s", users // DAY)
            for model_id in Model.objects.filter(kind=Model.Kind.LLM).values_list("id", flat=True)
        ),
        (PolicyEvent._meta.db_table, "start < %s", _moment(users)),
        (BatchRun._meta.db_table, "heard_at < %s", _moment(floors.events)),
        (EventKey._meta.db_table, _seen_before(), int((now - ages["keys"]).timestamp()) * 1_000_000),
        (MetricStream._meta.db_table, "time_us < %s", int((now - ages["streams"]).timestamp()) * 1_000_000),
        ("monitoring_bucket", f"tier = {int(Tier.MINUTE)} AND start < %s", floors.minutes),
        ("monitoring_bucket", f"tier = {int(Tier.HOUR)} AND start < %s", floors.hours),
    ]


def _moment(epoch: int) -> Any:
    """As columns of moments hold it."""
    return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(epoch, UTC))


def _seen_before() -> str:
    """Old keys without reading all of them: by the index of their age, or on SQLite the first ones to have come."""
    if connection.vendor == "postgresql":
        return "seen_us < %s"
    table = EventKey._meta.db_table
    return f"seen_us < %s AND rowid IN (SELECT rowid FROM {table} ORDER BY rowid LIMIT {ROWS_PER_CHUNK})"


def _drop(table: str, condition: str, bound: Any) -> int:
    """Delete one chunk in its own short transaction; rows are addressed by their place in the table."""
    place = "ctid" if connection.vendor == "postgresql" else "rowid"
    chosen = f"SELECT {place} FROM {table} WHERE {condition} LIMIT {ROWS_PER_CHUNK}"
    among = f"{place} = ANY(ARRAY({chosen}))" if place == "ctid" else f"{place} IN ({chosen})"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {among}", [bound])
        return int(cursor.rowcount)
