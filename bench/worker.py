"""One drain worker, as a process: `python -m bench.worker` drains until it is told to stop, or once to empty.

It has the threads that the real one has (`TASK_THREADS`: one on SQLite).
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django


def main() -> None:
    """With `once` it drains to empty and prints what that took; otherwise it drains until SIGTERM."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - after setup
    from django.db import connection  # noqa: PLC0415 - after setup

    from lib.clock import now  # noqa: PLC0415 - after setup
    from monitoring.drain import drain, drain_until_empty  # noqa: PLC0415 - after setup

    watched: list[list[float]] = []

    def run(work: Callable[[], int]) -> int:
        """In as many threads as the worker has: on PostgreSQL drains share the inbox."""
        with ThreadPoolExecutor(settings.TASK_THREADS) as pool:
            return sum(pool.map(lambda _: work(), range(settings.TASK_THREADS)))

    def once() -> int:
        watched.append(watch_transactions(connection))
        return drain_until_empty(now=now()).written

    if "once" in sys.argv:
        started, cpu = time.perf_counter(), time.process_time()
        written = run(once)
        longest = max((seconds for each in watched for seconds in each), default=0.0)
        print(written, time.perf_counter() - started, time.process_time() - cpu, longest)
        return
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    def keep_draining() -> int:
        done = 0
        while running:
            seen = drain(now=now())
            done += seen.written
            if not seen.seen:
                time.sleep(0.1)
        return done

    signal.signal(signal.SIGTERM, stop)
    run(keep_draining)


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
