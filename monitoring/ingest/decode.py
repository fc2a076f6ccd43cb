"""Bytes of a body to its items: all at once where they are right, else one by one.

A body is an array, one object, or lines of objects; it is told by its content, so that a wrong content type of two
JSON ones does no harm. An item comes out typed, or as its bytes where only the normaliser can judge it.
"""

import json
from collections.abc import Sequence
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec

from monitoring.ingest.codes import Fault, Refusal
from monitoring.ingest.split import split_array
from monitoring.items import ITEM_TYPES, Item

BOM = b"\xef\xbb\xbf"
NUL = b"\\u0000"
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
MALFORMED = "Send one JSON object, an array of objects, or one object a line (NDJSON), in UTF-8."

ONE = {item_type: msgspec.json.Decoder(item_type) for item_type in ITEM_TYPES.values()}
MANY: dict[type[Item], msgspec.json.Decoder[Any]] = {
    item_type: msgspec.json.Decoder(GenericAlias(list, item_type)) for item_type in ITEM_TYPES.values()
}
ANY = msgspec.json.Decoder()
RAW = msgspec.json.Decoder(msgspec.Raw)
RAWS = msgspec.json.Decoder(list[msgspec.Raw])


class Read(NamedTuple):
    """What a body holds, in order, and which of it is typed; `array` is its text where it is one, and all of it is right."""

    entries: Sequence[Item | bytes]
    typed: Sequence[Item]
    array: bytes | None = None


def decode(data: bytes, item_type: type[Item], *, lines: bool, limit: int) -> Read:
    """The items in order; refused when empty, malformed as a whole, or more than `limit`."""
    text = data.removeprefix(BOM).strip()
    if not text:
        raise Refusal("empty_body", MALFORMED)
    whole = None if _has_nul(text) else _decode_whole(text, item_type, lines=lines)
    if whole is not None:
        _count(len(whole), limit)
        return Read(whole, whole, text if text.startswith(b"[") else None)
    chunks = _chunks(text, lines=lines)
    _count(len(chunks), limit)
    return decode_apart(chunks, item_type)


def decode_apart(chunks: Sequence[bytes], item_type: type[Item]) -> Read:
    """Items that are apart already, in order."""
    entries = [_typed_or_bytes(chunk, item_type) for chunk in chunks]
    return Read(entries, [entry for entry in entries if isinstance(entry, Item)])


def untyped(chunk: bytes) -> Any:
    """One item as plain Python values, with what JSON forbids (NaN, lone surrogates) kept for a precise answer."""
    try:
        return ANY.decode(chunk)
    except UNREADABLE:
        pass
    try:
        return json.loads(chunk, parse_int=_bounded_int)
    except RecursionError as error:
        raise Fault("too_deep", "", "An item is nested at most 32 levels deep.") from error
    except ValueError as error:
        raise Fault("invalid_json", "", "This item is not readable as JSON in UTF-8.") from error


def _bounded_int(digits: str) -> int:
    return int(digits[:25])  # already far outside 64 bits; thousands of digits would take quadratic time


def _has_nul(text: bytes) -> bool:
    return b"\\" in text and NUL in text  # the first search is a hundred times as fast, and mostly finds nothing


def _count(found: int, limit: int) -> None:
    if found > limit:
        raise Refusal("too_many_items", f"Send at most {limit} items in one request.")


def _decode_whole(text: bytes, item_type: type[Item], *, lines: bool) -> list[Item] | None:
    try:
        if text.startswith(b"["):
            found: list[Item] = MANY[item_type].decode(text)
            return found
        if lines:
            return ONE[item_type].decode_lines(text)
        return [ONE[item_type].decode(text)]
    except UNREADABLE:
        return None


def _typed_or_bytes(chunk: bytes, item_type: type[Item]) -> Item | bytes:
    if _has_nul(chunk):
        return chunk
    try:
        return ONE[item_type].decode(chunk)
    except UNREADABLE:
        return chunk


def _chunks(text: bytes, *, lines: bool) -> list[bytes]:
    if text.startswith(b"["):
        parts = _elements(text)
        if parts is not None:
            return parts
    elif text.startswith(b"{") and _is_one_object(text):
        return [text]
    if not lines and not text.startswith(b"{"):
        raise Refusal("malformed", MALFORMED)
    return [line for line in map(bytes.strip, text.splitlines()) if line]


def _elements(text: bytes) -> list[bytes] | None:
    try:
        return [bytes(raw) for raw in RAWS.decode(text)]
    except UNREADABLE:
        return split_array(text)


def _is_one_object(text: bytes) -> bool:
    """Whether it is one object, perhaps with NaN in it, rather than lines of them."""
    try:
        RAW.decode(text)
    except UNREADABLE:
        first, newline, _ = text.partition(b"\n")
        return not newline or not first.rstrip().endswith(b"}")
    return True
