"""Rows as files that other programs read: CSV (RFC 4180) and JSON lines. Pure.

A spreadsheet runs a cell that begins like a formula. Such a text gets an apostrophe before it, which spreadsheets take for
"this is text" (OWASP, CSV Injection); what is nothing but a number is none, and stays as it is. JSON lines are exact.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

CSV, JSON_LINES = "csv", "jsonl"
MEDIA_TYPES: Final = {CSV: "text/csv; charset=utf-8", JSON_LINES: "application/x-ndjson; charset=utf-8"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

Row = Mapping[str, Any]


def written(rows: Iterable[Row], *, form: str, columns: Sequence[str], head: bool) -> bytes:
    """The rows as UTF-8 with these columns; `head` puts their names first (of CSV). JSON lines without columns hold whole rows."""
    if form == JSON_LINES:
        return b"".join(msgspec.json.encode(_chosen(row, columns)) + b"\n" for row in rows)
    text = io.StringIO()
    writer = csv.writer(text)
    if head:
        writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode()


def cell(value: Any) -> str:
    """One value of a CSV: nothing for null, words of JSON for truth, lists and objects; text that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value
    return msgspec.json.encode(value).decode()


def _chosen(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in columns if name in row} if columns else dict(row)
