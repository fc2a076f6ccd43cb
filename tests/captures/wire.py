"""OTLP's protobuf, decoded by hand and independently of the product: spans and log records as they were exported.

Only the fields that a reader sees are decoded; the numbers are those of opentelemetry-proto.
"""

import struct
from collections.abc import Iterator
from typing import Any

from monitoring.llm.dialects.seen import Happening, Seen

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")


def fields(body: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of a message: integers, or bytes."""
    place = 0
    while place < len(body):
        tag, place = _varint(body, place)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, place = _varint(body, place)
        elif kind == 1:
            value, place = struct.unpack_from("<Q", body, place)[0], place + 8
        elif kind == 5:
            value, place = struct.unpack_from("<I", body, place)[0], place + 4
        else:
            size, place = _varint(body, place)
            value, place = body[place : place + size], place + size
        yield number, value


def spans(body: bytes) -> Iterator[Seen]:
    """The spans of an export."""
    for resource, scope, one in _leaves(body):
        told = list(fields(one))
        status = next((dict(fields(value)) for number, value in told if number == 15), {})
        yield Seen(
            trace_id=_hex(told, 1),
            span_id=_hex(told, 2),
            parent_span_id=_hex(told, 4),
            name=_text(told, 5),
            kind=KINDS[_last(told, 6, 0)],
            scope=scope,
            start_us=_last(told, 7, 0) // 1_000,
            end_us=_last(told, 8, 0) // 1_000,
            attributes=_attributes(told, 9),
            events=[_happening(value) for number, value in told if number == 11],
            status=STATUSES[status.get(3, 0)],
            status_message=status.get(2, b"").decode(),
            resource=resource,
        )


def logs(body: bytes) -> Iterator[Seen]:
    """The log records of an export."""
    for resource, scope, one in _leaves(body):
        told = list(fields(one))
        at = (_last(told, 1, 0) or _last(told, 11, 0)) // 1_000
        body_value = _last(told, 5, None)
        yield Seen(
            trace_id=_hex(told, 9),
            span_id=_hex(told, 10),
            scope=scope,
            start_us=at,
            end_us=at,
            attributes=_attributes(told, 6),
            body=None if body_value is None else _any(body_value),
            event_name=_text(told, 12),
            resource=resource,
        )


def _leaves(body: bytes) -> Iterator[tuple[dict[str, Any], str, bytes]]:
    """(resource, scope, span or record): both kinds of export nest alike."""
    for _, group in fields(body):
        parts = list(fields(group))
        resource = _attributes(list(fields(_last(parts, 1, b""))), 1)
        for scoped in (value for number, value in parts if number == 2):
            inner = list(fields(scoped))
            scope = _text(list(fields(_last(inner, 1, b""))), 1)
            yield from ((resource, scope, value) for number, value in inner if number == 2)


def _happening(body: bytes) -> Happening:
    told = list(fields(body))
    return Happening(_text(told, 2), _last(told, 1, 0) // 1_000, _attributes(told, 3))


def _attributes(told: list[tuple[int, Any]], number: int) -> dict[str, Any]:
    pairs = (list(fields(value)) for found, value in told if found == number)
    return {_text(pair, 1): _any(_last(pair, 2, b"")) for pair in pairs}


def _any(body: bytes) -> Any:
    return next((ANY[number](value) for number, value in fields(body)), None)


ANY: dict[int, Any] = {
    1: bytes.decode,
    2: bool,
    3: lambda value: value - (1 << 64) if value >= 1 << 63 else value,
    4: lambda value: struct.unpack("<d", struct.pack("<Q", value))[0],
    5: lambda value: [_any(item) for _, item in fields(value)],
    6: lambda value: _attributes(list(fields(value)), 1),
    7: bytes,
}


def _last(told: list[tuple[int, Any]], number: int, default: Any) -> Any:
    return next((value for found, value in reversed(told) if found == number), default)


def _hex(told: list[tuple[int, Any]], number: int) -> str:
    found: str = _last(told, number, b"").hex()
    return found


def _text(told: list[tuple[int, Any]], number: int) -> str:
    found: str = _last(told, number, b"").decode()
    return found


def _varint(body: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
