"""Families of `/metrics` that are read once in a while, however many scrapes come."""

import time
from collections.abc import Callable
from threading import Lock

from prometheus_client.core import Metric

from lib import clock


class Remembered:
    """What was read last in this process: it changes little in so many seconds, and scrapes of several servers come together."""

    def __init__(self, read: Callable[..., list[Metric]], *, seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._lock = Lock()
        self._read_at = 0.0
        self._families: list[Metric] = []

    def get(self) -> list[Metric]:
        """The families, at most so many seconds old."""
        with self._lock:
            if not self._families or time.monotonic() - self._read_at >= self._seconds:
                self._families = self._read(now=clock.now())
                self._read_at = time.monotonic()
            return self._families

    def forget(self) -> None:
        """Read again next time."""
        with self._lock:
            self._families = []
