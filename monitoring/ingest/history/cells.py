"""Cells of a column to values of JSON. Nothing is refused here: what is not understood stays text, and ingest says what is wrong."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from math import isfinite, isnan
from typing import Any, Final

import msgspec

Read = Callable[[Any], Any]
# A number as JSON writes it: 01310 and 1_000 are none.
NUMBER: Final = re.compile(r"\s*-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*\Z")
WORDS: Final = {"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}
UNKNOWN: Final = frozenset({"", "nan", "NaN", "NAN"})  # what pandas and R write for what is missing
LONGEST_NUMBER: Final = 25  # far outside 64 bits; thousands of digits would take quadratic time


def text(cell: str) -> str | None:
    """As it stands; nothing where it is empty."""
    return cell or None


def number(cell: str) -> Any:
    """A number; what is none stays as it stands."""
    if cell in UNKNOWN:
        return None
    found = NUMBER.match(cell)
    if found is None or len(cell) > LONGEST_NUMBER:
        return cell
    if found[1] is None and found[2] is None:
        return int(cell)
    value = float(cell)
    return value if isfinite(value) else cell


def scalar(cell: str) -> Any:
    """A number, true or false, or text."""
    return WORDS[cell] if cell in WORDS else number(cell)


def nested(cell: str) -> Any:
    """An object or an array where it is JSON of one, else text."""
    return _json(cell) if cell[:1] in ("{", "[") else cell or None


def label(cell: str) -> Any:
    """What a model may answer: a scalar, or a list of them."""
    return _json(cell) if cell[:1] == "[" else scalar(cell)


def _json(cell: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return cell


def moment_in(zone: tzinfo | None) -> Read:
    """Moments; those without an offset are of this zone, the earlier one where a clock was put back."""

    def moment(cell: Any) -> Any:
        found = number(cell) if isinstance(cell, str) else plain(cell)
        return _placed(found, zone) if zone is not None and isinstance(found, str) else found

    return moment


def _placed(cell: str, zone: tzinfo) -> str:
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError:
        return cell
    return cell if found.tzinfo else found.replace(tzinfo=zone).isoformat()


def plain(value: Any) -> Any:
    """A typed value as JSON holds it: times as RFC 3339, decimals as numbers, what is no number as unknown."""
    if isinstance(value, float):
        return None if isnan(value) else value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return value.isoformat() if isinstance(value, date) else value


def as_text(value: Any) -> Any:
    """A typed value as text."""
    value = plain(value)
    return value if value is None or isinstance(value, str) else str(value)


def is_odd(columns: Sequence[Sequence[Any]]) -> bool:
    """Whether there is a number without end, which JSON cannot say."""
    return any(float("inf") in column or float("-inf") in column for column in columns)
