"""A protobuf body whose texts are not all UTF-8, written again with U+FFFD where they are not.

The wire format says how long everything is, so one bad byte in a text need not cost the body (protobuf encoding guide:
a field is a tag, number << 3 | type, and its value).
"""

from typing import Any

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS = {FIXED64: 8, FIXED32: 4}
MAX_DEPTH = 100
MAX_SHIFT = 63


class BrokenError(ValueError):
    """The bytes are no message: cut off, or something else."""


def mend_texts(data: bytes, descriptor: Any, depth: int = 0) -> bytes:
    """The same message with every text made readable; `BrokenError` if it is none."""
    if depth > MAX_DEPTH:
        raise BrokenError("nested too deeply")
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind != BYTES:
            at = _skip(data, at, kind)
            parts.append(data[start:at])
            continue
        size, begin = _varint(data, at)
        at = begin + size
        if at > len(data):
            raise BrokenError("cut off")
        parts.append(_field(data[start:begin], data[begin:at], descriptor.fields_by_number.get(tag >> 3), depth))
    return b"".join(parts)


def _field(head: bytes, value: bytes, field: Any, depth: int) -> bytes:
    """A field of bytes, text or message; its head is written again where its length has changed."""
    if field is not None and field.type == field.TYPE_STRING:
        mended = value.decode("utf-8", "replace").encode()
    elif field is not None and field.message_type is not None:
        mended = mend_texts(value, field.message_type, depth + 1)
    else:
        return head + value
    if len(mended) == len(value):
        return head + mended
    _, after_tag = _varint(head, 0)
    return head[:after_tag] + _to_varint(len(mended)) + mended


def _skip(data: bytes, at: int, kind: int) -> int:
    if kind == VARINT:
        return _varint(data, at)[1]
    if kind not in WIDTHS or at + WIDTHS[kind] > len(data):
        raise BrokenError("cut off, or no message")
    return at + WIDTHS[kind]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, the place after it)."""
    value = shift = 0
    while at < len(data) and shift <= MAX_SHIFT:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise BrokenError("cut off, or no message")


def _to_varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
