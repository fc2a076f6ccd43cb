"""The key directory: who is first with an identity is stored, everybody after is a duplicate.

The optimistic way (insert all, in a savepoint) succeeds whenever nothing repeats, and then nothing can have been
said of these events yet: whoever says something of an unknown id leaves its key here. Otherwise the keys are inserted
one conflict at a time, and keys that were only awaited are adopted.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import chain, repeat
from operator import attrgetter
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from django.db import IntegrityError, connection, transaction

from monitoring.drain.rows import Row
from monitoring.drain.sql import binary_cursor, fetch_any, is_postgres, parts

AWAITED = ""  # the kind of a key whose event has not arrived
COLUMNS = ("key", "kind", "ref", "seen_us")
COPY = f"COPY monitoring_eventkey ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)".encode()
ROWS_PER_INSERT = 100
COPY_HEAD, COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_ID, _SEEN = attrgetter("id"), attrgetter("ingested_us")
KeyRow = tuple[bytes, str, int | None, int]


class Claimed(NamedTuple):
    """Keys that are new here, and which of them something was already said of."""

    won: set[bytes]
    adopted: set[bytes]


def claim_all(entries: Iterable[KeyRow]) -> bool:
    """Enter all of them in the directory, in key order; False, and nothing is entered, where one is there already."""
    ordered = sorted(entries)
    return _entered(partial(_copy, pack_rows(ordered)) if is_postgres() else partial(_insert_many, ordered))


def claim_kind(kind: str, keys: Sequence[bytes], refs: Sequence[int], seen_us: Sequence[int]) -> bool:
    """`claim_all` for events of one kind, given by columns: on PostgreSQL for a quarter of the price."""
    if not is_postgres():
        return claim_all(zip(keys, repeat(kind), refs, seen_us, strict=False))
    return _entered(partial(_copy, pack_columns(kind, keys, refs, seen_us)))


def _entered(insert: Callable[[], None]) -> bool:
    try:
        with transaction.atomic():
            insert()
    except IntegrityError:
        return False
    return True


def claim_keys(rows: Mapping[bytes, Row], kinds: Mapping[type[Row], str]) -> Claimed:
    """Enter the rows in the directory, in key order."""
    keys = sorted(rows)
    ordered = [rows[key] for key in keys]
    named = [kinds[row_type] for row_type in map(type, ordered)]
    entries: list[KeyRow] = list(zip(keys, named, map(_ID, ordered), map(_SEEN, ordered), strict=True))
    if claim_all(entries):
        return Claimed(set(rows), set())
    new = insert_new(entries)
    adopted = adopt([entry for entry in entries if entry[0] not in new])
    return Claimed(new | adopted, adopted)


def _copy(rows: bytes) -> None:
    with binary_cursor() as cursor, cursor.copy(COPY) as copy:
        copy.write(COPY_HEAD + rows + COPY_END)


def pack_rows(entries: Iterable[KeyRow]) -> bytes:
    """Rows of binary COPY as they come, of any kinds."""
    return b"".join(
        _packer(kind)(4, 16, key, len(kind), kind.encode(), 8, ref, 8, seen) for key, kind, ref, seen in entries
    )


def pack_columns(kind: str, keys: Sequence[bytes], refs: Sequence[int], seen_us: Sequence[int]) -> bytes:
    """Rows of binary COPY in key order, as `pack_rows` makes them: they are all of one length, so they are one array."""
    raw = b"".join(keys)
    halves = np.frombuffer(raw, dtype=">u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ints, longs, text = ">i4", ">i8", f"S{len(kind)}"
    types = [">i2", ints, "V16", ints, text, ints, longs, ints, longs]
    rows = np.zeros(len(keys), dtype=[(str(place), of) for place, of in enumerate(types)])
    values = [
        len(COLUMNS),
        16,
        np.frombuffer(raw, dtype="V16")[order],
        len(kind),
        kind.encode(),
        8,
        np.array(refs)[order],
        8,
        np.array(seen_us)[order],
    ]
    for place, value in enumerate(values):
        rows[str(place)] = value
    return rows.tobytes()


def _insert_many(entries: Sequence[KeyRow]) -> None:
    """SQLite: many rows a statement take half as long as one does, for rows as short as these; those left over come alone."""
    whole = len(entries) - len(entries) % ROWS_PER_INSERT
    insert, row = f"INSERT INTO monitoring_eventkey ({', '.join(COLUMNS)}) VALUES ", "(%s, %s, %s, %s)"
    runs = [list(chain.from_iterable(run)) for run in parts(entries[:whole], ROWS_PER_INSERT)]
    with connection.cursor() as cursor:
        if runs:
            cursor.executemany(insert + ", ".join([row] * ROWS_PER_INSERT), runs)
        if whole < len(entries):
            cursor.executemany(insert + row, entries[whole:])


@cache
def _packer(kind: str) -> Callable[..., bytes]:
    """A row of binary COPY: the number of columns, then each after its length. Far cheaper than value by value."""
    return Struct(f"!hi16si{len(kind)}siqiq").pack


def await_targets(targets: Collection[bytes], *, seen_us: int) -> dict[bytes, tuple[str, int]]:
    """Lock the keys of these targets; (kind, stored event) of those that have arrived.

    A target that has not arrived gets a key all the same: on it the two meet, whichever comes first.
    """
    ordered = sorted(targets)
    insert_new([(target, AWAITED, None, seen_us) for target in ordered])
    found = fetch_any(
        "SELECT key, kind, ref FROM monitoring_eventkey", "key", "bytea", ordered, lock="FOR NO KEY UPDATE"
    )
    return {bytes(key): (kind, ref) for key, kind, ref in found if ref is not None}


def insert_new(entries: Sequence[KeyRow]) -> set[bytes]:
    """Insert the keys that are not there; returns those."""
    if is_postgres():
        sql = b"""
            INSERT INTO monitoring_eventkey (key, kind, ref, seen_us)
            SELECT * FROM unnest(%b::bytea[], %b::text[], %b::bigint[], %b::bigint[])
            ON CONFLICT DO NOTHING RETURNING key"""
        with binary_cursor() as cursor:
            return {key for (key,) in cursor.execute(sql, _columns(entries)).fetchall()}
    new: set[bytes] = set()
    with connection.cursor() as cursor:
        for part in parts(entries, 200):
            places = ", ".join(["(%s, %s, %s, %s)"] * len(part))
            cursor.execute(
                f"INSERT INTO monitoring_eventkey (key, kind, ref, seen_us) VALUES {places}"
                " ON CONFLICT DO NOTHING RETURNING key",
                [value for entry in part for value in entry],
            )
            new.update(bytes(key) for (key,) in cursor.fetchall())
    return new


def adopt(entries: Sequence[KeyRow]) -> set[bytes]:
    """Give awaited keys their event; returns those that were awaited."""
    if is_postgres():
        sql = b"""
            UPDATE monitoring_eventkey AS stored SET kind = mine.kind, ref = mine.ref
            FROM unnest(%b::bytea[], %b::text[], %b::bigint[], %b::bigint[]) AS mine (key, kind, ref, seen_us)
            WHERE stored.key = mine.key AND stored.ref IS NULL RETURNING stored.key"""
        with binary_cursor() as cursor:
            return {key for (key,) in cursor.execute(sql, _columns(entries)).fetchall()}
    found = fetch_any("SELECT key, ref FROM monitoring_eventkey", "key", "bytea", [entry[0] for entry in entries])
    awaited = {bytes(key) for key, ref in found if ref is None}
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE monitoring_eventkey SET kind = %s, ref = %s WHERE key = %s",
            [(kind, ref, key) for key, kind, ref, _ in entries if key in awaited],
        )
    return awaited


def _columns(entries: Sequence[KeyRow]) -> list[list[Any]]:
    return [list(column) for column in zip(*entries, strict=True)] or [[], [], [], []]
