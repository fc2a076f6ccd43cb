"""`python -m tests.monitoring.mortal`: drain, and stop in the middle of the second transaction, to be killed there.

One line on standard output says that it stands: keys, events and summaries are written, the counts are not, nothing of
it is committed.
"""

import signal
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django
from django.db import connection

django.setup()

from lib import clock  # noqa: E402 - needs the apps that the line above loaded
from monitoring.drain import drain_until_empty  # noqa: E402

EVENTS = 2_000  # in a transaction here
FIRST, LAST = "DELETE FROM monitoring_inboxbody", "INSERT INTO monitoring_ledgercount"


class Mortal:
    """Counts the transactions of a drain by their first statement."""

    begun = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        """Every statement of Django's cursors comes by here."""
        self.begun += FIRST in str(sql)
        if self.begun == 2 and LAST in str(sql):
            print("here", flush=True)  # noqa: T201
            signal.pause()
        return execute(sql, *rest)


if __name__ == "__main__":
    claim = import_module("monitoring.drain.claim")  # the package has a function of this name
    claim.POSTGRES_BUDGET = claim.SQLITE_BUDGET = EVENTS
    with connection.execute_wrapper(Mortal()):
        drain_until_empty(now=clock.now())
