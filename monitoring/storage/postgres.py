"""The cursor for the few statements on which ingest and drain live, on PostgreSQL.

Django's own cursors bind on the client as text, which costs several times more for arrays and bytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


@contextmanager
def binary_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """A psycopg cursor on Django's connection (so in its transaction); errors become Django's."""
    database = connections[DEFAULT_DB_ALIAS]  # looked up once: `django.db.connection` looks it up at every word
    database.ensure_connection()
    with database.wrap_database_errors, psycopg.Cursor(database.connection) as cursor:
        cursor.format = psycopg.pq.Format.BINARY
        yield cursor
