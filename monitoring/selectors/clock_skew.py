"""By how much the clocks of this machine and of the database differ: leases, retries and silences are told apart by them."""

from datetime import datetime, timedelta

from django.db import connection

from lib.clock import real_now


def clock_skew() -> timedelta:
    """The database's clock minus ours, however long it takes to answer. SQLite has none of its own: there it is nothing."""
    if connection.vendor != "postgresql":
        return timedelta(0)
    with connection.cursor() as cursor:
        asked = real_now()
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
        answered = real_now()
    return told - asked if told < asked else max(timedelta(0), told - answered)
