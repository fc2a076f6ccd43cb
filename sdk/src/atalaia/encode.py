"""One item as the bytes of one line of JSON: what Python has is written, what JSON lacks is put in its words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Callable

from atalaia.buffer import TooLargeError

MAX_DEPTH = 24
MAX_TEXT = 32_768
MAX_ITEM_BYTES = 2**20
MAX_WORDS = 1_000


def encode(item: dict[str, Any]) -> bytes:
    """The line; `TooLargeError` where it is one megabyte with its texts cut. The ordinary item goes by the fast path; what that cannot write is put right field by field."""
    try:
        line = _write(item).encode("utf-8")
        if len(line) <= MAX_ITEM_BYTES and b"\\u0000" not in line:
            return line
    except (ValueError, TypeError, RecursionError):  # NaN, a cycle, odd keys, half a surrogate pair
        pass
    line = _write(_clean(item, MAX_TEXT)).encode("utf-8", "replace")
    if len(line) <= MAX_ITEM_BYTES:
        return line
    line = _write({**_clean(item, MAX_TEXT // 8), "cut_by_client": True}).encode("utf-8", "replace")
    if len(line) <= MAX_ITEM_BYTES:
        return line
    raise TooLargeError


# What `json` does not know, in its words; the first that fits.
CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (datetime, lambda moment: (moment if moment.tzinfo else moment.astimezone()).isoformat()),
    (date, lambda day: day.isoformat()),
    (Decimal, float),
    (Enum, lambda member: member.value),
    ((bytes, bytearray, memoryview), lambda data: f"<{len(data)} bytes>"),
    (Mapping, dict),
    ((set, frozenset), list),
)
METHODS = ("item", "tolist", "model_dump")  # one number of numpy's, its arrays, models of pydantic


def _plain(value: Any) -> Any:
    for types, convert in CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    for name in METHODS:
        method = getattr(value, name, None)
        if callable(method) and (name != "item" or getattr(value, "size", 0) == 1):
            return method()
    return str(value)[:MAX_WORDS]


_write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode


def _clean(value: Any, limit: int, depth: int = 0) -> Any:
    """The same with everything that the wire refuses put right: NaN is null, texts are cut, depth is bounded."""
    if value is None or (isinstance(value, (bool, int)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value[:limit].encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return _inside(value, limit, depth + 1) if depth < MAX_DEPTH else "…"


def _inside(value: Any, limit: int, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {_clean(str(name), 200): _clean(inner, limit, depth) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner, limit, depth) for inner in value]
    try:
        return _clean(_plain(value), limit, depth)
    except Exception:  # a `__str__` or `tolist` of somebody's own
        return f"<{type(value).__name__}>"
