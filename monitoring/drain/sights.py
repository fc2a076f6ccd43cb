"""Spans and log records as sightings of calls, from what just came and from what is stored; and the call that they tell.

What a call is made of is read again from its records whenever one more comes, so a call is a function of their set.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from monitoring.drain.claim import Body
from monitoring.drain.rows import LogRecordRow, SpanRow
from monitoring.drain.served import UNDECODED
from monitoring.drain.spans import STATUSES
from monitoring.ingest.codes import Fault
from monitoring.ingest.normalise import Normaliser
from monitoring.items import LLMCallItem, LogItem
from monitoring.llm.dialects.application import Application, application_of
from monitoring.llm.dialects.around import given, read_around
from monitoring.llm.dialects.merge import merge
from monitoring.llm.dialects.read import read_log, read_span
from monitoring.llm.dialects.same_call import needs_time
from monitoring.llm.dialects.seen import Happening, Reading, Seen
from monitoring.storage.packing import unpack

SPAN, LOG = "span", "log"
EVENTS = "gen_ai."  # log records whose event is of another name speak of no call
NAME_LENGTH = 200
MAX_TEXT = 262_144
MOST_UNMAPPED = 2_000
MOST_FAULTS = 8
WORDS = {int(code): word for word, code in STATUSES.items()}
_encode = msgspec.json.Encoder().encode
_decode_call = msgspec.json.Decoder(UNDECODED["llm_call"]).decode


class Sight(msgspec.Struct, dict=True):
    """One sighting, with the record that it was read from; `call_ref` is the call that it belongs to, as far as stored.

    `told` is the document of a span that is kept as long as a call that it tells.
    """

    kind: str
    pk: int
    project_id: int
    event_id: str
    received_us: int
    reading: Reading
    application: Application
    call_ref: int | None = None
    told: bytes = b""

    @property
    def bears(self) -> bool:
        """Whether it is no part of a call, but says something for calls within it."""
        return self.kind == SPAN and not self.reading.whole

    @cached_property
    def needs_time(self) -> bool:
        """Whether nothing but time can join it to another sighting of its call."""
        return needs_time(self.reading)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every id under which a client may know its call."""
        if self.bears:
            return frozenset()
        call, names = self.reading.call, set()
        if "trace_id" in call and "span_id" in call:
            names |= {f"{call['trace_id']}:{call['span_id']}", call["span_id"]}
        if call.get("response_id"):
            names.add(str(call["response_id"])[:NAME_LENGTH])
        if self.kind == LOG and "span_id" not in call:
            names.add(self.event_id)
        return frozenset(names)


def span_sight(row: SpanRow, seen: Seen, document: bytes) -> Sight | None:
    """A span that tells a call, or says something for calls within it. One that began before the call is dropped sooner."""
    reading = read_span(seen) or (read_around(seen) if row.bears else None)
    if reading is None:
        return None
    application = application_of(seen.resource)
    told = document if reading.start_us <= row.ts_us else b""
    return Sight(SPAN, row.id, row.project_id, row.event_id, row.ingested_us, reading, application, row.call_ref, told)


def log_sight_of(pk: int, body: Body, item: LogItem) -> Sight | None:
    """A log record that tells a call, or a part of one."""
    if item.extra is None or not str(item.extra.get("event_name", "")).startswith(EVENTS):
        return None
    ts: Any = item.ts
    record = Record(pk, body.project_id, item.id, ts, body.received_us, item.message, item.logger, item.trace_id)
    return _log_sight(record, item.extra, item.span_id)


class Record(NamedTuple):
    """What of a log record is needed to read it."""

    pk: int
    project_id: int
    event_id: str
    ts_us: int
    received_us: int
    message: str
    logger: str
    trace_id: str


def _log_sight(record: Record, extra: Mapping[str, Any], span_id: str) -> Sight | None:
    resource = extra.get("resource")
    seen = Seen(
        trace_id=record.trace_id,
        span_id=span_id,
        scope=record.logger,
        start_us=record.ts_us,
        end_us=record.ts_us,
        attributes={key: value for key, value in extra.items() if key not in ("resource", "event_name", "body")},
        resource=resource if isinstance(resource, dict) else {},
        body=extra.get("body", record.message),
        event_name=str(extra.get("event_name", "")),
    )
    reading = read_log(seen)
    if reading is None:
        return None
    application = application_of(seen.resource)
    return Sight(LOG, record.pk, record.project_id, record.event_id, record.received_us, reading, application)


def stored_span(row: SpanRow) -> Sight | None:
    """What a stored span tells."""
    document = unpack(bytes(row.payload))
    told = msgspec.json.decode(document)
    events = [Happening(one["name"], one["ts"], one.get("attributes") or {}) for one in told.get("events") or ()]
    seen = Seen(
        trace_id=row.trace_id,
        span_id=row.event_id,
        parent_span_id=row.parent_span_id,
        name=row.name,
        kind=row.kind,
        scope=row.scope,
        start_us=row.ts_us,
        end_us=row.ts_us + row.duration_us,
        status=WORDS[row.status],
        status_message=told.get("status_message", ""),
        attributes=told.get("attributes") or {},
        events=events,
        resource=told.get("resource") or {},
    )
    return span_sight(row, seen, document)


def stored_log(row: LogRecordRow) -> Sight | None:
    """What a stored log record tells."""
    if EVENTS not in row.payload:
        return None
    told = msgspec.json.decode(row.payload)
    record = Record(
        row.id, row.project_id, row.event_id, row.ts_us, row.ingested_us, row.message, row.logger, row.trace_id
    )
    return _log_sight(record, told.get("extra") or {}, told.get("span_id", ""))


def call_item(sights: Sequence[Sight], around: Sequence[Sight] = ()) -> Any | None:
    """The call that these sightings tell, with what steps `around` it say for it, as an item of the wire contract; None where
    they only complete one."""
    merged = merge([one.reading for one in sights]) if len(sights) > 1 else sights[0].reading
    if not merged.whole:
        return None
    application = min(sights, key=lambda one: (one.reading.sightings, one.event_id)).application
    call = dict(merged.call)
    if around:
        call |= given(merged, [one.reading for one in around])
    told = {
        "id": call_id(sights, call),
        "ts": merged.start_us,
        "model": application.model,
        "version": call.pop("version", application.version),
        "environment": call.pop("environment", application.environment),
        **call,
        "extra": _extra(sights, merged),
    }
    return _typed(told)


def call_id(sights: Sequence[Sight], call: Mapping[str, Any]) -> str:
    """What the panel calls it: its place in the trace, else the provider's id, else the record that told it."""
    if "trace_id" in call and "span_id" in call:
        return f"{call['trace_id']}:{call['span_id']}"
    return str(call.get("response_id") or min(one.event_id for one in sights))[:NAME_LENGTH]


def call_names(sights: Iterable[Sight]) -> set[str]:
    """Every id under which a client may know the call of these sightings."""
    return {name for one in sights for name in one.names}


def _extra(sights: Sequence[Sight], merged: Reading) -> dict[str, Any]:
    """What has no field: whose words they were, the flags, the records; what contradicts itself; what was not mapped."""
    otel: dict[str, Any] = {
        "dialect": merged.dialect,
        "flags": merged.flags,
        "spans": sorted(one.pk for one in sights if one.kind == SPAN),
        "logs": sorted(one.pk for one in sights if one.kind == LOG),
        "alone": len(sights) == 1 and sights[0].needs_time,
        "names": sorted(call_names(sights)) if len(sights) > 1 else (),
    }
    extra: dict[str, Any] = {"otel": {name: value for name, value in otel.items() if value}}
    leftover = dict(merged.leftover)
    extra |= {name: leftover.pop(name) for name in ("usage", "reasoning", "choices") if name in leftover}
    if leftover and len(_encode(leftover)) <= MOST_UNMAPPED:
        extra["unmapped"] = leftover
    return extra


def _typed(told: dict[str, Any]) -> Any:
    """The item with its payload undecoded; a field that does not fit the contract is kept under `extra`."""
    try:
        return _decode_call(_encode(told))
    except msgspec.ValidationError:
        pass
    normaliser = Normaliser(redact=None, max_text=MAX_TEXT)
    for _ in range(MOST_FAULTS):
        try:
            return _decode_call(_encode(normaliser.normalise(told, LLMCallItem)))
        except Fault as fault:
            field = fault.rejection.pointer.split("/")[1] if "/" in fault.rejection.pointer else ""
            if field not in told or field in ("id", "ts", "model", "extra"):
                raise
            told["extra"] = {**told["extra"], field: told.pop(field)}
    message = "too many fields of the call do not fit"
    raise ValueError(message)
