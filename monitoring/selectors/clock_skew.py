"""By how much the clocks of this machine and of the database differ: leases, retries and silences are told apart by them."""

from datetime import datetime, timedelta

from django.db import connection


def clock_skew(*, real_now: datetime) -> timedelta:
    """The database's clock minus ours. SQLite has none of its own: there it is nothing."""
    if connection.vendor != "postgresql":
        return timedelta(0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told - real_now
