"""Take turns at writing to SQLite: ingest and drain wait for each other a millisecond at a time.

SQLite has one writer, and who finds it busy sleeps longer and longer, up to a tenth of a second, while the other one
writes again and again: under load ingest got in once in a few drains. A turn is a courtesy between the two busiest
writers, a lock on a file beside the database; the lock that counts is still the database's.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from django.db import connection

PATIENCE_S = 1.0
POLL_S = 0.001


@contextmanager
def write_turn() -> Iterator[None]:
    """One at a time; whoever has waited for `PATIENCE_S` goes on without (the other may be stopped in its turn)."""
    name = str(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else ""
    if not os.path.isfile(name):
        yield
        return
    with ExitStack() as held:  # the kernel gives a turn back when its holder dies
        with suppress(OSError):  # no file, no turn: that is no reason to refuse the write
            file = os.open(f"{name}-turn", os.O_WRONLY | os.O_CREAT, 0o666)  # a file object asks four things more
            held.callback(os.close, file)
            _take(file)
        yield


def _take(file: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL_S)
        else:
            return
