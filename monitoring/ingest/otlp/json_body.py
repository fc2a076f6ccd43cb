"""Bodies in JSON to the same plain values as protobuf.

OTLP's JSON has hexadecimal ids, 64-bit integers as text and enumerations as numbers (opentelemetry.io/docs/specs/otlp);
printers of protobuf's own JSON mapping write base64 ids, names of enumerations and snake_case: all of it is read.
"""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import msgspec

from monitoring.ingest.otlp.records import (
    Attributes,
    Decoded,
    Group,
    Happening,
    Link,
    LogRecord,
    PointRecord,
    SpanRecord,
    UndecodableError,
)
from monitoring.llm.dialects.values import whole_pairs
from monitoring.stats.points import Explicit, Exponential

MENDED = "Text that is not UTF-8, or half a surrogate pair, was replaced by U+FFFD; send JSON in UTF-8 and whole pairs."
NO_JSON = "JSON has no NaN, no infinite numbers and no byte order mark; write numbers that are not finite as text."
MALFORMED = "The body is not JSON of this signal, or was cut off; send what an OTLP exporter makes."
HEX = re.compile(r"[0-9a-fA-F]*\Z")
UNREADABLE = (TypeError, ValueError, AttributeError, KeyError, ArithmeticError, RecursionError)
KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
CODES = ("UNSET", "OK", "ERROR")
ID_BYTES = {"trace": 16, "span": 8}
TEMPORALITIES = ("UNSPECIFIED", "DELTA", "CUMULATIVE")
NO_RECORDED_VALUE = 1  # the flag of a point that says only that there is none
_decode = msgspec.json.Decoder().decode
Json = dict[str, Any]


class FieldError(ValueError):
    """A field that is not what it should be; the message names it."""


def read_traces(data: bytes) -> Decoded:
    """The spans of an ExportTraceServiceRequest in JSON."""
    return _groups(data, ("resourceSpans", "scopeSpans", "spans"), _span)


def read_logs(data: bytes) -> Decoded:
    """The records of an ExportLogsServiceRequest in JSON."""
    return _groups(data, ("resourceLogs", "scopeLogs", "logRecords"), _log)


def read_metrics(data: bytes) -> Decoded:
    """The data points of an ExportMetricsServiceRequest in JSON."""
    decoded = _groups(data, ("resourceMetrics", "scopeMetrics", "metrics"), _points)
    flat = [group._replace(records=[point for points in group.records for point in points]) for group in decoded.groups]
    return decoded._replace(groups=flat)


def _groups(data: bytes, names: tuple[str, str, str], read: Callable[[Json], Any]) -> Decoded:
    mended = ""
    try:
        found = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        found, mended = _mended(data, error)
    except RecursionError as error:
        raise UndecodableError(MALFORMED) from error
    try:
        resources = _list(found, names[0])
    except UNREADABLE as error:
        raise UndecodableError(MALFORMED) from error
    return Decoded([group for told in resources for group in _of_resource(told, names, read)], mended)


def _mended(data: bytes, error: Exception) -> tuple[Any, str]:
    """What nearly is JSON, as some printers write it, and what of it was mended."""
    text = whole_pairs(data.decode("utf-8", "replace"))
    try:
        return _decode(text), MENDED
    except (msgspec.MsgspecError, RecursionError):
        pass
    try:
        return json.loads(text.removeprefix("\ufeff")), NO_JSON
    except (ValueError, RecursionError):
        raise UndecodableError(MALFORMED) from error


def _of_resource(told: Json, names: tuple[str, str, str], read: Callable[[Json], Any]) -> list[Group]:
    """The groups of one resource; where it or a scope of it cannot be read, what it holds is refused and nothing else."""
    try:
        resource = _attributes(_list(_get(told, "resource") or {}, "attributes"))
        scopes = _list(told, names[1])
    except UNREADABLE as error:
        return [_unreadable(error, _count(told, *names[1:]))]
    return [_group(resource, one, names[2], read) for one in scopes]


def _group(resource: Attributes, one: Json, name: str, read: Callable[[Json], Any]) -> Group:
    records: list[Any] = []
    broken: list[str] = []
    try:
        scope = _get(one, "scope") or {}
        named, given = (_text(scope, "name"), _text(scope, "version")), _list(one, name)
    except UNREADABLE as error:
        return _unreadable(error, _count(one, name))
    for record in given:
        try:
            records.append(read(record))
        except UNREADABLE as error:
            broken.append(_reason(error))
    return Group(resource, *named, records, broken)


def _unreadable(error: Exception, count: int) -> Group:
    return Group({}, "", "", [], [f"its resource or scope cannot be read, {_reason(error)}"] * max(1, count))


def _count(told: Any, *names: str) -> int:
    """How many records are below, as far as can be seen."""
    found = _get(told, names[0]) if isinstance(told, dict) else None
    if not isinstance(found, list):
        return 0
    return sum(_count(one, *names[1:]) for one in found) if names[1:] else len(found)


def _reason(error: Exception) -> str:
    """Never what was sent: of our own errors the field, of others what is mostly behind them."""
    if isinstance(error, FieldError):
        return str(error)
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a field of it has the wrong type"


def _span(span: Json) -> SpanRecord:
    status = _get(span, "status") or {}
    return SpanRecord(
        _id(span, "traceId", "trace"),
        _id(span, "spanId", "span"),
        _id(span, "parentSpanId", "span"),
        _text(span, "name"),
        _enum(_get(span, "kind"), KINDS),
        _int(span, "startTimeUnixNano"),
        _int(span, "endTimeUnixNano"),
        _enum(_get(status, "code"), CODES),
        _text(status, "message"),
        _attributes(_list(span, "attributes")),
        [
            Happening(_text(event, "name"), _int(event, "timeUnixNano"), _attributes(_list(event, "attributes")))
            for event in _list(span, "events")
        ],
        [
            Link(_id(link, "traceId", "trace"), _id(link, "spanId", "span"), _attributes(_list(link, "attributes")))
            for link in _list(span, "links")
        ],
        _text(span, "traceState"),
        sum(_int(span, f"dropped{what}Count") for what in ("Attributes", "Events", "Links")),
    )


def _log(record: Json) -> LogRecord:
    return LogRecord(
        _id(record, "traceId", "trace"),
        _id(record, "spanId", "span"),
        _int(record, "timeUnixNano"),
        _int(record, "observedTimeUnixNano"),
        _severity(_get(record, "severityNumber")),
        _text(record, "severityText"),
        _value(_get(record, "body") or {}),
        _attributes(_list(record, "attributes")),
        _text(record, "eventName"),
    )


def _points(metric: Json) -> list[PointRecord]:
    kind = next((name for name in _POINTS if isinstance(_get(metric, name), dict)), "")
    data = _get(metric, kind) or {}
    return [_point(metric, kind, data, point) for point in _list(data, "dataPoints")]


def _point(metric: Json, kind: str, data: Json, point: Json) -> PointRecord:
    record = PointRecord(
        _text(metric, "name"),
        _text(metric, "unit"),
        _text(metric, "description"),
        _snake(kind),
        bool(_get(data, "isMonotonic")),
        _enum(_get(data, "aggregationTemporality"), TEMPORALITIES),
        _attributes(_list(point, "attributes")),
        _int(point, "startTimeUnixNano"),
        _int(point, "timeUnixNano"),
    )
    return record if _int(point, "flags") & NO_RECORDED_VALUE else record._replace(**_POINTS[kind](point))


def _number(point: Json) -> Json:
    return {"value": _float(_first(point, "asDouble", "asInt"))}


def _explicit(point: Json) -> Json:
    counts = _counts(point)
    buckets = Explicit([float(bound) for bound in _list(point, "explicitBounds")], counts) if counts else None
    return {**_totals(point), "explicit": buckets}


def _exponential(point: Json) -> Json:
    above, below = (_get(point, side) or {} for side in ("positive", "negative"))
    buckets = Exponential(
        _int(point, "scale"),
        _int(point, "zeroCount"),
        _int(above, "offset"),
        _counts(above),
        _int(below, "offset"),
        _counts(below),
    )
    return {**_totals(point), "exponential": buckets}


def _counts(told: Json) -> list[int]:
    return [int(count) for count in _list(told, "bucketCounts")]


def _totals(point: Json) -> Json:
    return {"n": _int(point, "count"), "sum": _float(_get(point, "sum"))}


def _float(found: Any) -> float | None:
    """Also of text, as JSON must write what is not finite."""
    return None if found is None else float(found)


def _first(record: Json, *names: str) -> Any:
    return next((found for name in names if (found := _get(record, name)) is not None), None)


_POINTS: dict[str, Callable[[Json], Json]] = {
    "gauge": _number,
    "sum": _number,
    "histogram": _explicit,
    "exponentialHistogram": _exponential,
    "summary": _totals,
}


def _get(record: Json, name: str) -> Any:
    """A field by its name in camelCase, or in snake_case as some printers write."""
    if type(record) is not dict:
        raise FieldError(f"what holds `{name}` is no object")
    found = record.get(name)
    return found if found is not None else record.get(_snake(name))


def _snake(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def _list(record: Json, name: str) -> Sequence[Any]:
    found = _get(record, name)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise FieldError(f"`{name}` is no list")
    return found


def _text(record: Json, name: str) -> str:
    found = _get(record, name)
    return "" if found is None else str(found)


def _int(record: Json, name: str) -> int:
    try:
        return int(_get(record, name) or 0)
    except (TypeError, ValueError, OverflowError) as error:
        raise FieldError(f"`{name}` is no whole number") from error


def _severity(value: Any) -> int:
    """The number, or that of a name such as SEVERITY_NUMBER_ERROR2."""
    if not isinstance(value, str):
        return int(value or 0)
    if value.isdecimal():
        return int(value)
    word = value.rpartition("_")[2]
    base = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}.get(word.rstrip("234"), 0)
    return base + (int(word[-1]) - 1 if word[-1:].isdecimal() and base else 0)


def _enum(value: Any, words: Sequence[str]) -> int:
    """A number, or the word at the end of a name (SPAN_KIND_CLIENT, STATUS_CODE_OK)."""
    if isinstance(value, str) and not value.isdecimal():
        word = value.rpartition("_")[2].upper()
        return words.index(word) if word in words else 0
    return int(value or 0)


def _id(record: Json, name: str, of: str) -> str:
    """Hexadecimal; what is no hexadecimal of this length but base64 of it was printed by protobuf's own mapping."""
    text = _text(record, name)
    if len(text) == 2 * ID_BYTES[of] and HEX.match(text):
        return text.lower()
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return text.replace("\x00", "\ufffd")
    return raw.hex() if len(raw) == ID_BYTES[of] else text.replace("\x00", "\ufffd")


def _attributes(pairs: Sequence[Any]) -> Attributes:
    try:
        return {str(pair["key"]): _value(pair.get("value") or {}) for pair in pairs}
    except (TypeError, AttributeError, LookupError, ValueError, OverflowError) as error:
        raise FieldError('an attribute is not like {"key": "…", "value": {"stringValue": "…"}}') from error


def _value(value: Json) -> Any:
    for name, found in value.items():
        read = _READ.get(name)
        if read is not None and found is not None:
            return read(found)
    return None


def _double(found: Any) -> float | str:
    number = float(found)
    return number if isfinite(number) else str(number)


_READ: dict[str, Callable[[Any], Any]] = {
    "stringValue": str,
    "string_value": str,
    "boolValue": bool,
    "bool_value": bool,
    "intValue": int,
    "int_value": int,
    "doubleValue": _double,
    "double_value": _double,
    "bytesValue": str,
    "bytes_value": str,
    "arrayValue": lambda found: [_value(one) for one in _list(found, "values")],
    "array_value": lambda found: [_value(one) for one in _list(found, "values")],
    "kvlistValue": lambda found: _attributes(_list(found, "values")),
    "kvlist_value": lambda found: _attributes(_list(found, "values")),
}
