"""Many buckets as columns: what a statement finds, without an object for each row where the database can help it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection

from monitoring.stats.histogram import PAIR
from monitoring.stats.tiers import Integers
from monitoring.storage.postgres import binary_cursor

# A row is told apart by one number: whose it is, of which kind, and a moment or an id below 2 ** 36.
OWNER: Final = 39
KIND: Final = 36
GATHERED: Final = "string_agg(int8send(number), ''), string_agg(int4send(length(bins)), ''), string_agg(bins, '')"
_NONE: Final = np.zeros(0, dtype=np.int64)


class Packed(NamedTuple):
    """Rows as columns of whole numbers; `lengths` are the pairs in the bins of each, `bins` those of all in a row."""

    numbers: list[Integers]
    lengths: Integers
    bins: bytes

    @property
    def owner(self) -> Integers:
        """Whose each row is."""
        return self.numbers[0] >> OWNER

    @property
    def kind(self) -> Integers:
        """Of a bucket its tier."""
        return self.numbers[0] >> KIND & 7

    @property
    def value(self) -> Integers:
        """A moment or an id."""
        return self.numbers[0] & (1 << KIND) - 1


def number_sql(owner: str, kind: str, value: str) -> str:
    """The number of a row in SQL."""
    return f"({owner} << {OWNER}) + (CAST({kind} AS bigint) << {KIND}) + {value}"


def read_rows(sql: str, params: Sequence[Any] = ()) -> Packed:
    """Row by row: whole numbers, the one that tells rows apart first, and bins at the end."""
    with _cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    if not rows:
        return Packed([_NONE] * 3, _NONE, b"")
    # Not by `zip`, which makes an iterator of each row, and these wake the collector of cycles.
    *numbers, bins = ([*map(itemgetter(place), rows)] for place in range(len(rows[0])))
    lengths = np.fromiter(map(len, bins), dtype=np.int64, count=len(bins)) // PAIR.itemsize
    return Packed([np.array(one, dtype=np.int64) for one in numbers], lengths, b"".join(bins))


def read_gathered(sql: str, params: Sequence[Any] = ()) -> Packed:
    """What GATHERED made of many rows on PostgreSQL: of few pairs each that is faster than to send them, of many it is not."""
    with _cursor() as cursor:
        cursor.execute(sql, params)
        numbers, lengths, bins = (b"".join(filter(None, column)) for column in zip(*cursor.fetchall(), strict=True))
    return Packed(
        [np.frombuffer(numbers, dtype=">i8").astype(np.int64)],
        np.frombuffer(lengths, dtype=">i4").astype(np.int64) // PAIR.itemsize,
        bins,
    )


@contextmanager
def _cursor() -> Iterator[Any]:
    """The fastest there is."""
    with binary_cursor() if connection.vendor == "postgresql" else connection.cursor() as cursor:
        yield cursor
