"""The drain's commits do not wait for the disk; everybody else's do."""

import pytest
from django.db import connection

from monitoring.drain.sql import is_postgres, unsynced


def _syncs() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit" if is_postgres() else "PRAGMA synchronous")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_only_the_transaction_within_is_relaxed() -> None:
    """Also where it fails."""
    relaxed, strict = ("off", "on") if is_postgres() else ("1", "2")
    assert _syncs() == strict
    with unsynced():
        assert _syncs() == relaxed
    assert _syncs() == strict
    with pytest.raises(ZeroDivisionError), unsynced():
        _ = 1 / 0
    assert _syncs() == strict


@pytest.mark.django_db
def test_within_another_transaction_sqlite_stays_strict() -> None:
    """It refuses to change this in the middle; PostgreSQL relaxes the whole of it."""
    with unsynced():
        assert _syncs() == ("off" if is_postgres() else "2")
