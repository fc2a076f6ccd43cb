"""Progress and time left of something long, on a terminal or in a log. Real time."""

import time
from collections.abc import Callable

EVERY = 10.0  # real seconds between lines: so few that the address above them stays on the screen


class Progress:
    """Says how far it is, at most every ten seconds, and how long the rest will take at the pace so far."""

    def __init__(self, write: Callable[[str], object], *, done: float = 0.0) -> None:
        """`done` is the share that an earlier run had finished, which says nothing about this run's pace."""
        self._write = write
        self._first = done
        self._began = time.monotonic()
        self._told = self._began - EVERY

    def show(self, done: float, what: str) -> None:
        """`done` is a share between 0 and 1."""
        ticked = time.monotonic()
        if ticked - self._told < EVERY and done < 1.0:
            return
        self._told = ticked
        spent, gained = ticked - self._began, done - self._first
        left = f"{spent * (1.0 - done) / gained:4.0f} s left" if gained > 0 else "estimating"
        self._write(f"{done:4.0%} · {what} · {left}")
