"""One drain worker, as a process: `python -m bench.worker` drains until it is told to stop, or once to empty.

It has the threads that the real one has (`TASK_THREADS`: one on SQLite), which take turns as they do there.
"""

import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from django.conf import settings
from django.db import connection

import bench.ready  # noqa: F401 - before what has models
from lib.clock import now
from monitoring.drain import drain, drain_until_empty

IDLE_S = 0.1


def main() -> None:
    """With `once` it drains to empty and prints what that took; otherwise it drains until SIGTERM."""
    sys.setswitchinterval(settings.TASK_SWITCH_INTERVAL)
    if "once" in sys.argv:
        drain_once()
        return
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    in_threads(lambda: drain_until(stopped))


def in_threads(work: Callable[[], int]) -> int:
    """In as many threads as the worker has: on PostgreSQL drains share the inbox. The sum of what they return."""
    if settings.TASK_THREADS == 1:
        return work()  # in the main thread, as the worker's solo pool
    with ThreadPoolExecutor(settings.TASK_THREADS) as pool:
        return sum(pool.map(lambda _: work(), range(settings.TASK_THREADS)))


def drain_once() -> None:
    """Print events, seconds, processor seconds and the longest transaction."""
    watched: list[list[float]] = []

    def work() -> int:
        watched.append(watch_transactions(connection))
        return drain_until_empty(now=now()).written

    started, cpu = time.perf_counter(), time.process_time()
    written = in_threads(work)
    longest = max((seconds for each in watched for seconds in each), default=0.0)
    print(written, time.perf_counter() - started, time.process_time() - cpu, longest)


def drain_until(stopped: Event) -> int:
    """Events drained until then."""
    done = 0
    while not stopped.is_set():
        passed = drain(now=now())
        done += passed.written
        if not passed.seen:
            time.sleep(IDLE_S)
    return done


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
