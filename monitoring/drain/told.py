"""What is stored already of the calls that new sightings may be of: their records, read again, and the calls as they are."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from django.db import connection

from lib.ids import identities
from monitoring.drain.join import load_rows
from monitoring.drain.rows import LLMCallRow, LogRecordRow, SpanRow
from monitoring.drain.sights import EVENTS, LOG, SPAN, Sight, call_names, stored_log, stored_span
from monitoring.drain.sql import fetch_any, parts
from monitoring.llm.dialects.same_call import TIME_US
from monitoring.models import LLMCall, LogRecord, Span

NEAR = f"SELECT id, ts_us FROM {LLMCall._meta.db_table} WHERE project_id = %s AND (ts_us / 1000000) IN "
ALONE = '%"alone":true%'  # in the payload of calls that nothing but time can join to others
SECOND_US = 1_000_000
SECONDS_PER_QUERY = 500
ROUNDS = 8


class _Otel(msgspec.Struct):
    spans: list[int] = []
    logs: list[int] = []
    names: list[str] = []


class _Extra(msgspec.Struct):
    otel: _Otel | None = None


class _Payload(msgspec.Struct):
    extra: _Extra | None = None


_read = msgspec.json.Decoder(_Payload).decode


@dataclass(slots=True)
class Told:
    """Stored sightings; calls by their key; the call to which each name leads, if it is one that a client sent."""

    sights: list[Sight] = field(default_factory=list)
    calls: dict[int, LLMCallRow] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)  # name → call
    keys: dict[str, bytes] = field(default_factory=dict)  # name → identity
    foreign: set[int] = field(default_factory=set)  # calls that were not told by sightings
    of_log: dict[int, int] = field(default_factory=dict)  # log record → call

    def speaks_of(self, sight: Sight) -> bool:
        """Whether a name of this sighting leads somewhere already."""
        return bool(self.named) and not sight.names.isdisjoint(self.named)

    def refs_of(self, sights: Iterable[Sight]) -> set[int]:
        """The calls that these sightings belong to."""
        found = set()
        for one in sights:
            ref = one.call_ref if one.kind == SPAN else self.of_log.get(one.pk)
            if ref is not None and ref not in self.foreign:
                found.add(ref)
        return found

    def foreign_of(self, sights: Sequence[Sight]) -> int | None:
        """The call that a client sent under a name of these sightings."""
        refs = {self.named[name] for name in call_names(sights) if name in self.named}
        return min(refs & self.foreign, default=None)


def read_told(project_id: int, new: Sequence[Sight]) -> Told:
    """Everything that shares a block with the new sightings, and what shares one with that, until there is no more."""
    told = Told()
    known = {(one.kind, one.pk) for one in new}
    frontier = list(new)
    for _ in range(ROUNDS):
        spans, logs = _in_traces(project_id, frontier)
        refs = (_named(project_id, frontier, told) | _near(project_id, frontier)) - told.calls.keys()
        for row in load_rows(LLMCallRow, "id", "bigint", sorted(refs), lock="FOR NO KEY UPDATE"):
            told.calls[row.id] = row
        found = _sights(told, spans, logs, known)
        missing = {one.call_ref for one in found if one.call_ref is not None} - told.calls.keys()
        for row in load_rows(LLMCallRow, "id", "bigint", sorted(missing), lock="FOR NO KEY UPDATE"):
            told.calls[row.id] = row
        found += _sights(told, set(), set(), known)
        told.sights += found
        if not found:
            break
        frontier = found
    return told


def _in_traces(project_id: int, sights: Sequence[Sight]) -> tuple[set[int], set[int]]:
    """Records of the traces of these sightings that may tell calls, and in traces of calls those that say something for them."""
    traces = sorted({one.trace_id for sight in sights for one in sight.reading.sightings if one.trace_id})
    if not traces:
        return set(), set()
    select = f"SELECT id, project_id, role, bears, trace_id FROM {Span._meta.db_table}"
    rows = [row for row in fetch_any(select, "trace_id", "text", traces) if row[1] == project_id]
    of_calls = {trace for _, _, role, _, trace in rows if role == "llm"}
    of_calls |= {one.trace_id for sight in sights if not sight.bears for one in sight.reading.sightings}
    partial = f"SELECT id, project_id, payload FROM {LogRecord._meta.db_table}"
    logs = fetch_any(partial, "trace_id", "text", traces)
    return (
        {pk for pk, _, role, bears, trace in rows if role == "llm" or (bears and trace in of_calls)},
        {pk for pk, project, payload in logs if project == project_id and EVENTS in payload},
    )


def _named(project_id: int, sights: Iterable[Sight], told: Told) -> set[int]:
    """The calls to which names of these sightings lead."""
    names = sorted(call_names(sights))
    keys = dict(zip(identities(project_id, "call", names), names, strict=True))
    told.keys |= zip(names, keys, strict=True)
    rows = fetch_any("SELECT key, kind, ref FROM monitoring_eventkey", "key", "bytea", sorted(keys))
    found = {keys[bytes(key)]: ref for key, kind, ref in rows if ref is not None and kind == "llm_call"}
    told.named |= found
    return set(found.values())


def _near(project_id: int, sights: Sequence[Sight]) -> set[int]:
    """Calls that began at the same time: all of them for sightings that only time can join, for the others those which are so."""
    alone = [one.reading.start_us for one in sights if one.needs_time]
    others = [one.reading.start_us for one in sights if not (one.needs_time or one.bears)]
    return _at(project_id, alone, "", []) | _at(project_id, others, " AND payload LIKE %s", [ALONE])


def _at(project_id: int, starts: Sequence[int], condition: str, given: list[str]) -> set[int]:
    seconds = sorted({(start + apart) // SECOND_US for start in starts for apart in (-TIME_US, TIME_US)})
    found: list[tuple[int, int]] = []
    with connection.cursor() as cursor:
        for some in parts(seconds, SECONDS_PER_QUERY):
            cursor.execute(f"{NEAR}({', '.join(['%s'] * len(some))}){condition}", [project_id, *some, *given])
            found += cursor.fetchall()
    times = sorted(starts)
    return {pk for pk, ts_us in found if _is_near(ts_us, times)}


def _is_near(ts_us: int, times: Sequence[int]) -> bool:
    place = bisect_left(times, ts_us - TIME_US)
    return place < len(times) and times[place] <= ts_us + TIME_US


def _sights(told: Told, spans: Collection[int], logs: Collection[int], known: set[tuple[str, int]]) -> list[Sight]:
    """The sightings of these records and of all calls that are known, but for those that were read before."""
    spans, logs = set(spans), set(logs)
    for pk, row in told.calls.items():
        otel = _otel(row)
        if otel is None:
            told.foreign.add(pk)
            continue
        spans |= set(otel.spans)
        logs |= set(otel.logs)
        told.of_log |= dict.fromkeys(otel.logs, pk)
    spans -= {pk for kind, pk in known if kind == SPAN}
    logs -= {pk for kind, pk in known if kind == LOG}
    known |= {(SPAN, pk) for pk in spans} | {(LOG, pk) for pk in logs}
    found = [stored_span(row) for row in load_rows(SpanRow, "id", "bigint", sorted(spans))] if spans else []
    if logs:
        found += [stored_log(row) for row in load_rows(LogRecordRow, "id", "bigint", sorted(logs))]
    return [one for one in found if one is not None]


def _otel(row: LLMCallRow) -> _Otel | None:
    """The records that a call was told by; None where a client sent it."""
    if '"otel":' not in row.payload:
        return None
    try:
        read = _read(row.payload)
    except msgspec.ValidationError:
        return None
    return read.extra.otel if read.extra else None
