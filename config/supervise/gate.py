"""The web server loads while tables are made; the gate keeps it from answering before they are there.

A lock on a file: the kernel opens the gate, whichever way the one who closed it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "prepare.lock"


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Nobody passes until the block is left."""
    with (folder / NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pass_through(folder: Path) -> None:
    """Return once the gate is open."""
    with (folder / NAME).open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
