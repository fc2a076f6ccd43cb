"""What became of the items: counted, told once in the program's log, and reported to the panel."""

from __future__ import annotations

import logging
import threading
from collections import Counter

logger = logging.getLogger("atalaia")


class Tally:
    """Counts of one process; each kind of trouble is told once, until it is over."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._told: set[str] = set()
        self.sent = 0
        self.dropped: Counter[str] = Counter()
        self._unreported: Counter[str] = Counter()

    def delivered(self, count: int) -> None:
        """They are on the panel's disk."""
        with self._lock:
            self.sent += count

    def drop(self, reason: str, count: int = 1, *, wanted: bool = False) -> None:
        """They will not arrive; `reason` is a word for programs. What the program itself held back is not reported."""
        with self._lock:
            self.dropped[reason] += count
            if not wanted:
                self._unreported[reason] += count

    def take_unreported(self) -> Counter[str]:
        """Drops that the panel does not know of yet; from now on it is taken to."""
        with self._lock:
            found, self._unreported = self._unreported, Counter()
            return found

    def warn_once(self, about: str, text: str) -> None:
        """One line in the program's log per kind of trouble."""
        with self._lock:
            if about in self._told:
                return
            self._told.add(about)
        logger.warning("%s", text)

    def over(self, about: str) -> None:
        """The trouble has passed; if it comes again it is told again."""
        with self._lock:
            self._told.discard(about)
