"""One drain worker, as a process: `python -m bench.worker` drains until it is told to stop, or once to empty."""

import os
import signal
import sys
import time
from typing import Any

import django


def main() -> None:
    """With `once` it drains to empty and prints what that took; otherwise it drains until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection  # noqa: PLC0415 - after setup

    from lib.clock import now  # noqa: PLC0415 - after setup
    from monitoring.drain import drain, drain_until_empty  # noqa: PLC0415 - after setup

    if "once" in sys.argv:
        transactions = watch_transactions(connection)
        started, cpu = time.perf_counter(), time.process_time()
        summary = drain_until_empty(now=now())
        print(summary.written, time.perf_counter() - started, time.process_time() - cpu, max(transactions, default=0.0))
        return
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    while running:
        if not drain(now=now()).seen:
            time.sleep(0.1)


def watch_transactions(connection: Any) -> list[float]:
    """Seconds of each transaction from now on, from when it had its lock to after its commit."""
    seconds: list[float] = []
    began = time.perf_counter()
    really = connection.set_autocommit

    def set_autocommit(autocommit: bool, *args: Any, **more: Any) -> None:
        nonlocal began
        if autocommit:
            seconds.append(time.perf_counter() - began)
        really(autocommit, *args, **more)
        began = time.perf_counter()

    connection.set_autocommit = set_autocommit
    return seconds


if __name__ == "__main__":
    main()
