"""The story told by a process of its own: what happens next is told and packed while the panel works on what was posted.

Telling is a seventh of the work of a seed, and pure: nothing of it depends on what the panel makes of the part before.
"""

import signal
from contextlib import suppress
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from demo.sender import Parcel, pack
from demo.story import Story, batches

Interval = tuple[datetime, datetime]
PATIENCE_SECONDS = 5.0


class Teller:
    """Tells intervals of a story, one at a time; the process ends with the block, or with its parent."""

    def __init__(self, story: Story) -> None:
        context = get_context("fork")  # a story cannot be pickled, and need not be
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_tell_on, args=(story, theirs, self._line), daemon=True)
        self._process.start()
        theirs.close()
        self._asked: Interval | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
        self._process.join(PATIENCE_SECONDS)

    def ask(self, start: datetime, end: datetime) -> None:
        """Begin to tell [start, end); what was asked before and never taken is dropped."""
        if self._asked is not None:
            self._line.recv()
        self._asked = (start, end)
        self._line.send(self._asked)

    def take(self, start: datetime, end: datetime) -> list[Parcel]:
        """What happens in [start, end), whether it was asked for before or not. EOFError: the process died."""
        if self._asked != (start, end):
            self.ask(start, end)
        told: list[Parcel] = self._line.recv()
        self._asked = None
        return told


def _tell_on(story: Story, line: Connection, parents: Connection) -> None:
    """Answer until the other end is closed; Ctrl-C is the parent's affair."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parents.close()
    with suppress(EOFError, OSError):
        while True:
            start, end = line.recv()
            line.send([pack(kind, items) for kind, items in batches(story.events(start.timestamp(), end.timestamp()))])
