"""The database's own bulk insert of the very event rows that the drain stores, with their primary key and nothing else.

SQLite: one prepared INSERT per 1,000 rows and commit. PostgreSQL: COPY of bytes that it wrote itself (so nothing is
encoded while the clock runs), 1,000 rows per commit.
"""

import time

from django.db import connection

from monitoring.drain.sql import binary_cursor, is_postgres

BATCH = 1_000


def measure_limit(count: int) -> float:
    """Rows per second; the rows are the first of the table of predictions, which stays as it is."""
    return _postgres(count) if is_postgres() else _sqlite(count)


def _sqlite(count: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM monitoring_prediction ORDER BY id LIMIT %s", [count])
        rows = cursor.fetchall()
        names = [column[0] for column in cursor.description]
        others = ", ".join(name for name in names if name != "id")
        cursor.execute(f"CREATE TABLE bench_limit (id INTEGER PRIMARY KEY, {others})")
        insert = f"INSERT INTO bench_limit ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
        started = time.perf_counter()
        for start in range(0, len(rows), BATCH):
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(insert, rows[start : start + BATCH])
            cursor.execute("COMMIT")
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE bench_limit")
    return len(rows) / seconds


def _postgres(count: int) -> float:
    blobs: list[bytes] = []
    with binary_cursor() as cursor:
        cursor.execute("SELECT id FROM monitoring_prediction ORDER BY id LIMIT %s", [count])
        ids = [row[0] for row in cursor.fetchall()]
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            within = f"id BETWEEN {part[0]:d} AND {part[-1]:d}"
            sql = f"COPY (SELECT * FROM monitoring_prediction WHERE {within}) TO STDOUT (FORMAT BINARY)"
            with cursor.copy(sql.encode()) as copy:
                blobs.append(b"".join(bytes(chunk) for chunk in copy))
        cursor.execute("CREATE TABLE bench_limit (LIKE monitoring_prediction)")
        cursor.execute("ALTER TABLE bench_limit ADD PRIMARY KEY (id)")
        started = time.perf_counter()
        for blob in blobs:
            with cursor.copy(b"COPY bench_limit FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(blob)
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE bench_limit")
    return len(ids) / seconds
