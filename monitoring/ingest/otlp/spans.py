"""Spans as they came to the items of the inbox: each taken or refused by itself, with what had to be changed noted on it."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from monitoring.ingest.codes import Fault
from monitoring.ingest.moments import Window
from monitoring.ingest.normalise import TRUNCATED
from monitoring.ingest.otlp.clean import Cleaner, short
from monitoring.ingest.otlp.records import SPAN_KINDS, Attributes, Group, Happening, Link, SpanRecord
from monitoring.items import SpanItem
from monitoring.llm.dialects.caps import MOST_NUMBERS, capped

Status = Literal["unset", "ok", "error"]
STATUSES: Final[tuple[Status, ...]] = ("unset", "ok", "error")  # by the numbers of OTLP
NAME_LENGTH = 200
MAX_EVENTS, MAX_LINKS, MAX_ATTRIBUTES = 128, 128, 512
TRACE_DIGITS, SPAN_DIGITS = 32, 16
DIGITS, NOBODY = frozenset("0123456789abcdef"), frozenset("0")
DROPPED = "_dropped"  # under `extra`: how many events, links and attributes there were beyond the limits
UNTOLD = "_untold"  # under `extra`: which of start and end the span did not tell
LATEST_NS = 2**62
IDS = "A span has a trace id of 16 bytes and a span id of 8, not all zero, in lower-case hexadecimal in JSON."
_encode = msgspec.json.Encoder().encode


def items_of(group: Group, cleaner: Cleaner, window: Window) -> list[SpanItem | Fault]:
    """The items of a group's spans, or why one of them is none."""
    clean = cleaner.look(_texts(group))
    resource = msgspec.Raw(_encode(group.resource if clean else cleaner.attributes(group.resource, "/resource")))
    scope, version = (text[:NAME_LENGTH] for text in _scope(group, cleaner, clean=clean))
    found: list[SpanItem | Fault] = []
    for span in group.records:
        try:
            item = _item(span, window)
        except Fault as fault:
            found.append(fault)
            continue
        item.resource, item.scope, item.scope_version = resource, scope, version
        if not clean:
            _cleaned(item, cleaner)
        found.append(item)
    return found


def _texts(group: Group) -> list[Any]:
    """All values of a group that may hold what must not be stored."""
    spans: Sequence[SpanRecord] = group.records
    found: list[Any] = [group.resource, group.scope, group.scope_version]
    found += [span.attributes for span in spans]
    found += {span.name for span in spans} | {span.status_message for span in spans} | {s.trace_state for s in spans}
    found += [(event.name, event.attributes) for span in spans if span.events for event in span.events]
    found += [link.attributes for span in spans if span.links for link in span.links]
    return [part for value in found for part in (value if isinstance(value, tuple) else (value,))]


def _scope(group: Group, cleaner: Cleaner, *, clean: bool) -> tuple[str, str]:
    if clean:
        return group.scope, group.scope_version
    return cleaner.value(group.scope, "/scope"), cleaner.value(group.scope_version, "/scope_version")


def _item(span: SpanRecord, window: Window) -> SpanItem:
    if not _is_id(span.trace_id, TRACE_DIGITS) or not _is_id(span.span_id, SPAN_DIGITS):
        raise Fault("invalid_span_id", "/trace_id", IDS)
    extra: dict[str, Any] = {}
    cut: dict[str, int] = {}
    start, end = _times(span, window, extra)
    name = span.name
    if len(name) > NAME_LENGTH:
        (name,) = short([("/name", name)], NAME_LENGTH, cut)
    item = SpanItem(
        id=span.span_id,
        ts=start,
        trace_id=span.trace_id,
        parent_span_id=span.parent_span_id if _is_id(span.parent_span_id, SPAN_DIGITS) else "",
        name=name,
        kind=SPAN_KINDS[span.kind] if 0 <= span.kind < len(SPAN_KINDS) else SPAN_KINDS[0],
        status=STATUSES[span.status] if 0 <= span.status < len(STATUSES) else STATUSES[0],
        status_message=span.status_message,
        end_us=end,
        attributes=_few(span.attributes, extra),
        events=[_event(event) for event in span.events[:MAX_EVENTS]] if span.events else None,
        links=[_link(link) for link in span.links[:MAX_LINKS]] if span.links else None,
    )
    if cut:
        extra[TRUNCATED] = cut
    if span.trace_state:
        extra["trace_state"] = span.trace_state
    dropped = span.dropped + max(0, len(span.events) - MAX_EVENTS) + max(0, len(span.links) - MAX_LINKS)
    if dropped:
        extra[DROPPED] = extra.get(DROPPED, 0) + dropped
    if extra:
        item.extra = extra
    return item


def _is_id(text: str, digits: int) -> bool:
    return len(text) == digits and DIGITS.issuperset(text) and not NOBODY.issuperset(text)


def _times(span: SpanRecord, window: Window, extra: dict[str, Any]) -> tuple[int, int]:
    """Start and end in epoch µs. A span that does not say when it began began when it ended, or now."""
    start, end = span.start_ns // 1_000, min(span.end_ns, LATEST_NS) // 1_000
    if not start or not end:
        extra[UNTOLD] = [name for name, told in (("start", start), ("end", end)) if not told]
        start = start or end or window.received
        end = end or start
    if wrong := window.wrong(start):
        raise Fault("timestamp_out_of_range", "/start_time_unix_nano", wrong)
    return start, end


def _few(attributes: Attributes, extra: dict[str, Any]) -> Attributes:
    """At most so many attributes, and no whole vector of an embedding."""
    if len(attributes) > MAX_ATTRIBUTES:
        extra[DROPPED] = len(attributes) - MAX_ATTRIBUTES
        attributes = dict(list(attributes.items())[:MAX_ATTRIBUTES])
    for value in attributes.values():
        if (type(value) is list and len(value) > MOST_NUMBERS) or (
            type(value) is str and value[:1] == "[" != value[1:2] not in '{["'
        ):
            return capped(attributes)
    return attributes


def _event(event: Happening) -> dict[str, Any]:
    told: dict[str, Any] = {"name": event.name, "ts": event.time_ns // 1_000}
    return told | {"attributes": event.attributes} if event.attributes else told


def _link(link: Link) -> dict[str, Any]:
    told: dict[str, Any] = {"trace_id": link.trace_id, "span_id": link.span_id}
    return told | {"attributes": link.attributes} if link.attributes else told


def _cleaned(item: SpanItem, cleaner: Cleaner) -> None:
    """Write the item again, in place, without what may not be stored."""
    cleaner.cut = {}
    item.name = cleaner.value(item.name, "/name")[:NAME_LENGTH]
    item.status_message = cleaner.value(item.status_message, "/status_message")
    item.attributes = cleaner.attributes(item.attributes or {}, "/attributes")
    if item.events:
        item.events = [cleaner.attributes(event, f"/events/{place}") for place, event in enumerate(item.events)]
    if item.links:
        item.links = [cleaner.attributes(link, f"/links/{place}") for place, link in enumerate(item.links)]
    extra = dict(item.extra or {})
    if "trace_state" in extra:
        extra["trace_state"] = cleaner.value(extra["trace_state"], "/trace_state")
    if cleaner.cut:
        extra[TRUNCATED] = {**extra.get(TRUNCATED, {}), **cleaner.cut}
    item.extra = extra or None
