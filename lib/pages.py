"""Keyset pages: newest first, the same cost at any depth, never a count and never an offset.

A cursor is the position of the last row shown, (time, id), as URL-safe text. It carries no authority: the query that
uses it is always limited to what the reader may see, so it is validated and not signed.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 100
_POSITION = struct.Struct(">qq")
_MEND = "This cursor is not one that a page returned. Leave `cursor` out to start from the newest."

Row = TypeVar("Row", bound=Model)


class CursorError(ValueError):
    """The cursor is not one of ours; edges answer 400 and the message says what to do."""


class LimitError(ValueError):
    """The page size is not a number from 1 to 1,000; edges answer 400."""


def read_limit(text: str) -> int:
    """The page size that a query string asks for, 100 where it asks for none."""
    text = text or str(DEFAULT_LIMIT)
    if not text.isdecimal() or len(text) > len(str(MAX_LIMIT)) or not 1 <= int(text) <= MAX_LIMIT:
        message = f"`limit` is a whole number from 1 to {MAX_LIMIT}."
        raise LimitError(message)
    return int(text)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the integer time and the primary key of its last row."""

    at: int
    id: int

    def encode(self) -> str:
        """As opaque URL-safe text."""
        return urlsafe_b64encode(_POSITION.pack(self.at, self.id)).rstrip(b"=").decode("ascii")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The position a cursor stands for; `CursorError` if it was cut or invented."""
        try:
            packed = urlsafe_b64decode(text.encode("ascii") + b"==")
            found = cls(*_POSITION.unpack(packed))
        except (ValueError, struct.error) as error:
            raise CursorError(_MEND) from error
        if found.encode() != text:
            raise CursorError(_MEND)
        return found


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Up to `limit` rows, and the cursor of the next page where there is one."""

    items: list[Row]
    next: str | None


class Coarse(NamedTuple):
    """What an index holds in place of the time: an alias of the rows, the time divided by `width` and rounded down."""

    name: str
    width: int


def keyset_page(
    rows: QuerySet[Row], *, time: str, limit: int, cursor: str | None = None, coarse: Coarse | None = None
) -> Page[Row]:
    """One page of `rows`, newest first by (`time`, primary key); `time` names an integer column, indexed or by `coarse`.

    One row more than asked for tells whether there is a next page. `CursorError` if the cursor is not ours.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor:
        place = Cursor.decode(cursor)
        rows = rows.filter(Q(**{f"{time}__lt": place.at}) | Q(pk__lt=place.id), **{f"{time}__lte": place.at})
        if coarse:
            rows = rows.filter(**{f"{coarse.name}__lte": place.at // coarse.width})
    order = [f"-{time}", "-pk"]
    found = list(rows.order_by(*([f"-{coarse.name}"] if coarse else []), *order)[: limit + 1])
    shown = found[:limit]
    if len(found) <= limit:
        return Page(shown, None)
    last = shown[-1]
    return Page(shown, Cursor(int(getattr(last, time)), int(last.pk)).encode())
