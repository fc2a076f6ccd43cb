"""Spans to rows, and into their table: known by trace and span, so that none is there twice however often it is sent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from monitoring.drain.claim import Body
from monitoring.drain.counts import Counts
from monitoring.drain.rows import SpanRow, columns_of
from monitoring.drain.sql import fetch_any, insert_columns
from monitoring.items import SpanItem
from monitoring.llm.dialects.around import said_by
from monitoring.llm.dialects.kinds import kind_of
from monitoring.llm.dialects.seen import Happening, Seen
from monitoring.models import Span
from monitoring.storage.packing import pack

Place = tuple[int, str, str]  # project, trace, span
STATUSES = {"unset": Span.Status.UNSET, "ok": Span.Status.OK, "error": Span.Status.ERROR}
ID_LENGTH = 200
TRIES = 3
_encode = msgspec.json.Encoder().encode
_place = attrgetter("project_id", "trace_id", "event_id")


def seen_of(item: SpanItem) -> Seen:
    """The span as the dialects read it."""
    start: Any = item.ts
    return Seen(
        trace_id=item.trace_id,
        span_id=item.id,
        parent_span_id=item.parent_span_id,
        name=item.name,
        kind=item.kind,
        scope=item.scope,
        start_us=start,
        end_us=item.end_us,
        status=item.status,
        status_message=item.status_message,
        attributes=item.attributes or {},
        events=[Happening(one["name"], one["ts"], one.get("attributes") or {}) for one in item.events or ()],
        resource=resource_of(bytes(item.resource)),
    )


@lru_cache(maxsize=512)
def resource_of(encoded: bytes) -> dict[str, Any]:
    """The attributes of a resource: the same bytes with every span of a process."""
    found = msgspec.json.decode(encoded) if encoded else {}
    return found if isinstance(found, dict) else {}


def span_row(pk: int, body: Body, item: SpanItem, seen: Seen, document: bytes) -> SpanRow:
    """The row of a span, with its `span_document`. One that tells a call is alone with it, as far as is known yet."""
    said, role = said_by(seen.attributes), kind_of(seen)
    return SpanRow(
        pk,
        body.project_id,
        item.id,
        seen.start_us,
        body.received_us,
        pack(document),
        item.trace_id,
        item.parent_span_id,
        item.name,
        item.kind,
        role,
        str(seen.resource.get("service.name", ""))[:ID_LENGTH],
        item.scope,
        STATUSES[item.status],
        item.end_us - seen.start_us,
        said.get("request_id", "")[:ID_LENGTH],
        said.get("user_id", "")[:ID_LENGTH],
        said.get("session_id", "")[:ID_LENGTH],
        bool(said) and role != "llm",
        pk if role == "llm" else None,
    )


def span_document(item: SpanItem) -> bytes:
    """What of a span has no column of its own, as a JSON object."""
    told = {
        "attributes": item.attributes,
        "events": item.events,
        "links": item.links,
        "status_message": item.status_message,
        "scope_version": item.scope_version,
        "resource": item.resource if bytes(item.resource) not in (b"", b"{}") else None,
        "extra": item.extra,
    }
    return _encode({name: value for name, value in told.items() if value})


def store_spans(rows: Sequence[SpanRow], counts: Counts) -> list[SpanRow]:
    """Insert those that are new, and count; returns these. All of them mostly are."""
    new = _insert(list(rows))
    for project_id, times in Counter(row.project_id for row in new).items():
        counts.item((project_id, "span"), "stored", times)
    known = Counter(row.project_id for row in rows)
    known.subtract(row.project_id for row in new)
    for project_id, times in known.items():
        if times:
            counts.item((project_id, "span"), "duplicate", times)
    return new


def _insert(rows: list[SpanRow]) -> list[SpanRow]:
    """Optimistic: only where one is there already are those looked up that are. Another drain may add some meanwhile."""
    new = list({_place(row): row for row in reversed(rows)}.values())[::-1]
    for left in reversed(range(TRIES)):
        if not new:
            break
        try:
            with transaction.atomic():
                insert_columns(Span, columns_of(new))
        except IntegrityError:
            if not left:
                raise
            there = known_spans(new)
            new = [row for row in new if _place(row) not in there]
        else:
            break
    return new


def known_spans(rows: Iterable[SpanRow]) -> set[Place]:
    """Which spans of these traces are stored."""
    traces = sorted({row.trace_id for row in rows})
    select = f"SELECT project_id, trace_id, event_id FROM {Span._meta.db_table}"
    return {(project, trace, span) for project, trace, span in fetch_any(select, "trace_id", "text", traces)}
