"""`python -m tests.monitoring.mortal_refold`: fold history by a reference, and stop within the second step, to be killed.

One line on standard output says that it stands: buckets and the reference's reach are written, the job is not, nothing
of it is committed.
"""

import signal
from collections.abc import Callable
from typing import Any

import django
from django.db import connection

django.setup()

from lib import clock  # noqa: E402 - needs the apps that the line above loaded
from models_registry.jobs import run_jobs  # noqa: E402
from monitoring.summaries import refold  # noqa: E402

REACH = 'UPDATE "monitoring_reference"'


class Mortal:
    """Counts the steps by the statement that moves the reach."""

    moved = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, *rest: Any) -> Any:
        """Every statement of Django's cursors comes by here."""
        result = execute(sql, *rest)
        self.moved += REACH in str(sql)
        if self.moved == 2:
            print("here", flush=True)  # noqa: T201
            signal.pause()
        return result


if __name__ == "__main__":
    refold._LOWEST = refold._LOWEST.replace(f"LIMIT {refold.ROWS:d}", "LIMIT 100")
    with connection.execute_wrapper(Mortal()):
        run_jobs(now=clock.now())
