"""The few statements that are written by hand because the drain lives on them, for both databases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import connection, models, transaction

from monitoring.storage.postgres import binary_cursor
from monitoring.storage.turn import write_turn

__all__ = [
    "binary_cursor",
    "bulk_insert",
    "column_types",
    "fetch_any",
    "insert_columns",
    "is_postgres",
    "parts",
    "prefer_indexes",
    "unsynced",
]

# SQLite refuses more parameters than this in one statement (its oldest default).
MAX_PARAMETERS = 999
MAX_LITERAL = 64


def is_postgres() -> bool:
    """Whether the database is PostgreSQL; otherwise it is SQLite."""
    return connection.vendor == "postgresql"


def prefer_indexes() -> None:
    """Keep PostgreSQL from scanning a young table whole for want of statistics, in this transaction."""
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


@contextmanager
def unsynced() -> Iterator[None]:
    """A transaction whose commit does not wait for the disk.

    A power cut may undo the last of these, each as a whole: then what it took from the inbox is there again, and is
    drained again. Whatever is committed later with a sync brings these to disk before itself.
    """
    if is_postgres():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            yield
        return
    outermost = not connection.in_atomic_block  # SQLite refuses to change it within a transaction
    try:
        if outermost:
            _synchronous("NORMAL")
        with write_turn(), transaction.atomic():
            yield
    finally:
        if outermost:
            _synchronous("FULL")


def _synchronous(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous = {level}")


def fetch_any(select: str, column: str, kind: str, values: Sequence[Any], *, lock: str = "") -> list[tuple[Any, ...]]:
    """Rows of a SELECT whose column is among the values, in the column's order.

    `kind` is the SQL type of the column; `lock` is a locking clause that SQLite, with its one writer, needs not.
    """
    if is_postgres():
        with binary_cursor() as cursor:
            sql = f"{select} WHERE {column} = ANY(%b::{kind}[]) ORDER BY {column} {lock}"
            return cursor.execute(sql.encode(), [list(values)]).fetchall()
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for part in parts(values, MAX_PARAMETERS):
            places = ", ".join(["%s"] * len(part))
            cursor.execute(f"{select} WHERE {column} IN ({places}) ORDER BY {column}", part)
            rows += cursor.fetchall()
    return rows


def bulk_insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows the fastest way the database has: COPY in binary, or one prepared INSERT."""
    if not rows:
        return
    table = model._meta.db_table
    names = ", ".join(columns)
    if is_postgres():
        sql = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
        with binary_cursor() as cursor, cursor.copy(sql.encode()) as copy:
            copy.set_types(column_types(model, tuple(columns)))
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as plain:
        plain.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)


def insert_columns(model: type[models.Model], columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows (at least one) given by columns. On SQLite what all have in common is written into the statement.

    SQLite takes a lock and a look for each value that is bound, a tenth of the price of a row with eighteen.
    """
    if is_postgres():
        bulk_insert(model, list(columns), list(zip(*columns.values(), strict=True)))
        return
    literals = {name: literal for name, column in columns.items() if (literal := _literal(column))}
    bound = [name for name in columns if name not in literals]
    values = ", ".join([*["%s"] * len(bound), *literals.values()])
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({', '.join([*bound, *literals])}) VALUES ({values})",
            list(zip(*(columns[name] for name in bound), strict=True)),
        )


def _literal(column: Sequence[Any]) -> str | None:
    """SQL of the one value of many rows, if nothing in it can be taken for SQL."""
    value = column[0]
    if len(column) == 1 or column[-1] != value or column.count(value) < len(column):
        return None
    if value is None:
        return "NULL"
    if type(value) is str and len(value) <= MAX_LITERAL and (not value or (value.isascii() and value.isalnum())):
        return f"'{value}'"
    return str(value) if type(value) is int else None


@cache
def column_types(model: type[models.Model], columns: tuple[str, ...]) -> list[str]:
    """The PostgreSQL types of columns, without their lengths; binary COPY converts nothing."""
    by_column = {field.column: field for field in model._meta.concrete_fields}
    return [str(by_column[column].rel_db_type(connection)).partition("(")[0] for column in columns]


def parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The values in runs of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
