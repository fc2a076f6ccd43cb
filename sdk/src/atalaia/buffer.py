"""What waits to be sent: bounded in items and in bytes, and quick for whoever adds to it."""

from __future__ import annotations

import threading
from collections import deque

Waiting = tuple[str, bytes]  # the kind of an item, and the item, frozen


class TooLargeError(ValueError):
    """An item that stays too large with its texts cut."""


class Buffer:
    """First in, first out; full is full: what comes then is refused, so that memory stays bounded.

    The lock is reentrant, because a signal handler or a finaliser may log while the very same thread is in here.
    """

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0

    def put(self, kind: str, frozen: bytes) -> bool:
        """Whether there was room."""
        with self._lock:
            size = self._bytes + len(frozen)
            if len(self._waiting) >= self._max_items or size > self._max_bytes:
                return False
            self._waiting.append((kind, frozen))
            self._bytes = size
            return True

    def take(self, *, max_items: int, max_bytes: int) -> list[Waiting]:
        """The oldest that fit in one batch; at least one, if there is any."""
        taken: list[Waiting] = []
        size = 0
        with self._lock:
            while self._waiting and len(taken) < max_items:
                size += len(self._waiting[0][1])
                if taken and size > max_bytes:
                    break
                taken.append(self._waiting.popleft())
            self._bytes = self._bytes - sum(len(frozen) for _kind, frozen in taken) if self._waiting else 0
        return taken

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def pressing(self) -> bool:
        """Half full: the sender should not wait for its interval."""
        return len(self._waiting) * 2 >= self._max_items or self._bytes * 2 >= self._max_bytes
