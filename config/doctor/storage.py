"""Where everything is kept: the database answers and writes, its tables are those of this code, there is room for more."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from config.doctor.finding import Finding, fail, ok, warn
from config.terminal import ago, weight
from lib import clock
from monitoring.models import StageRun
from monitoring.selectors.events import micros, oldest_arrival

SLOW_MS: Final = 50
LEAST_FREE, LITTLE_FREE = 200 * 10**6, 2 * 10**9
LEAST_SHARE, LITTLE_SHARE = 0.01, 0.05
SOON: Final = timedelta(days=30)
YOUNG: Final = timedelta(hours=6)
NOBODY: Final = -1


def database(_real_now: datetime) -> Iterator[Finding]:
    """It answers, and takes writes: a standby, a full disk or a lock that nobody lets go of do not."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took = (time.monotonic() - began) * 1_000
    if StageRun._meta.db_table in connection.introspection.table_names():  # else it is for `migrations` to tell
        with transaction.atomic():
            StageRun.objects.filter(pk=NOBODY).update(runs=0)
    says = f"{_server()}, answers in {took:.1f} ms and takes writes"
    if took > SLOW_MS:
        yield warn("database", says, "Move the panel nearer to its database: every page asks it several times.")
    else:
        yield ok("database", says)


def _server() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def migrations(_real_now: datetime) -> Iterator[Finding]:
    """The tables are those that this code expects."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        yield ok("migrations", "every table is up to date")
        return
    first = plan[0][0]
    says = f"{len(plan)} not applied, the first {first.app_label}.{first.name}"
    yield fail("migrations", says, "Run `manage.py prepare` (`manage.py up` does it by itself).")


def disk(_real_now: datetime) -> Iterator[Finding]:
    """Room beside the data directory; the disk of a database server elsewhere cannot be seen from here."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    share = usage.free / usage.total if usage.total else 0.0
    says = f"{weight(usage.free)} free ({share:.0%}) for {settings.DATA_DIR}"
    mend = "Make room, or move ATALAIA_DATA_DIR; with a full disk nothing is accepted."
    if usage.free < LEAST_FREE or share < LEAST_SHARE:
        yield fail("disk", says, mend)
    elif usage.free < LITTLE_FREE or share < LITTLE_SHARE:
        yield warn("disk", says, mend)
    else:
        yield ok("disk", says)


def growth(_real_now: datetime) -> Iterator[Finding]:
    """What the database weighs, and until when there is room at the pace of what it holds."""
    size, age = _size(), _age(now=clock.now())
    if age is None or age < YOUNG:
        yield ok("growth", f"{weight(size)}, too young to tell")
        return
    kept: timedelta = settings.RETENTION["events"]
    daily = size / (age / timedelta(days=1))
    if age >= kept * 0.95:
        yield ok("growth", f"{weight(size)}, full of {kept.days} days: grows with the traffic only")
        return
    says = f"{weight(size)} after {ago(age.total_seconds())}, {weight(daily)} a day, {weight(daily * kept.days)} in the end"
    free = shutil.disk_usage(settings.DATA_DIR).free
    left = timedelta(days=free / daily) if daily else kept
    if settings.SQLITE and left < min(SOON, kept - age):
        mend = "Add room, or keep events for a shorter time: ATALAIA_RETENTION_EVENTS_DAYS."
        yield warn("growth", f"{says}; the disk is full in {ago(left.total_seconds())}", mend)
    else:
        yield ok("growth", says)


def _size() -> int:
    """Bytes of the whole database."""
    sql = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if settings.SQLITE
        else "SELECT pg_database_size(current_database())"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def _age(*, now: datetime) -> timedelta | None:
    """Since the oldest event that is still there was taken in; None without one."""
    first = oldest_arrival()
    return None if first is None else timedelta(microseconds=micros(now) - first)
