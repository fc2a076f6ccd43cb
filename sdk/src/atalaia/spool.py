"""Batches on disk until the panel has them: what a crash leaves behind, the next start sends.

Each process writes into a folder of its own and holds a lock on it for as long as it lives; a folder whose lock is free
has lost its process and is adopted. Ids make it harmless if both had sent the same batch. Nothing is synced to the
disk's platter: it outlives the process, not the power.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from pathlib import Path

from atalaia.batch import PATHS, Batch
from atalaia.ids import new_id

LOCK = ".lock"
QUIET_SECONDS = 3_600
TRIES = 5

if sys.platform == "win32":  # no such locks there: a folder is adopted when it has been quiet for an hour

    def _lock(folder: Path) -> int | None:
        return None

    def _abandoned(folder: Path, lock: int | None) -> bool:
        return time.time() - folder.stat().st_mtime > QUIET_SECONDS

else:
    import fcntl

    def _lock(folder: Path) -> int | None:
        """A lock on the folder for as long as this process lives; None where somebody else has it.

        Raises `FileNotFoundError` where the folder was taken for abandoned between its making and its locking: what
        is locked then is a file that has no name any more.
        """
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(handle), (folder / LOCK).stat()):
                raise FileNotFoundError(folder / LOCK)
        except FileNotFoundError:
            os.close(handle)
            raise
        except OSError:
            os.close(handle)
            return None
        return handle

    def _abandoned(folder: Path, lock: int | None) -> bool:
        return lock is not None


class Spool:
    """The folder of this process, bounded in bytes: the oldest batch makes room."""

    def __init__(self, root: str, *, max_bytes: int) -> None:
        """Raises `OSError` where nothing can be written."""
        self._root = Path(root).expanduser()
        self._mine, self._lock = _own_folder(self._root)
        self._max_bytes = max_bytes
        self._sizes: deque[tuple[Batch, int]] = deque()
        self._bytes = 0

    def keep(self, batch: Batch) -> list[Batch]:
        """Put the batch on disk and forget its body; batches that had to make room for it come back."""
        file = self._mine / f"{new_id()}.{batch.kind}.{batch.count}.gz"
        writing = file.with_suffix(".part")
        writing.write_bytes(batch.body)
        writing.replace(file)
        self._hold(batch, len(batch.body))
        batch.file, batch.body = file, b""
        return self._make_room()

    def forget(self, batch: Batch) -> None:
        """It has arrived, or never will."""
        if batch.file is None:
            return
        for held in self._sizes:
            if held[0] is batch:
                self._sizes.remove(held)
                self._bytes -= held[1]
                break
        batch.file.unlink(missing_ok=True)

    def adopt(self) -> list[Batch]:
        """What processes that are gone have left, oldest first."""
        found: list[Batch] = []
        for folder in sorted(self._root.iterdir()):
            if folder == self._mine or not folder.is_dir():
                continue
            try:
                found += self._take_over(folder)
            except OSError:  # another process was quicker
                continue
        return found

    def close(self) -> None:
        """Give the folder up; what lies in it is for the next start."""
        self.close_inherited()
        try:
            if not any(file.name != LOCK for file in self._mine.iterdir()):
                (self._mine / LOCK).unlink(missing_ok=True)
                self._mine.rmdir()
        except OSError:
            pass

    def close_inherited(self) -> None:
        """In a forked child: the lock is the parent's, and must not outlive it here."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_over(self, folder: Path) -> list[Batch]:
        lock = _lock(folder)
        if not _abandoned(folder, lock):
            return []
        try:
            found = [_move(file, self._mine) for file in sorted(folder.glob("*.gz"))]
            for rest in folder.iterdir():
                rest.unlink()
            folder.rmdir()
        finally:
            if lock is not None:
                os.close(lock)
        batches = [batch for batch in found if batch is not None]
        for batch in batches:
            self._hold(batch, batch.file.stat().st_size if batch.file else 0)
        return batches

    def _hold(self, batch: Batch, size: int) -> None:
        self._sizes.append((batch, size))
        self._bytes += size

    def _make_room(self) -> list[Batch]:
        gone = []
        while self._bytes > self._max_bytes and len(self._sizes) > 1:
            batch, _size = self._sizes[0]
            self.forget(batch)
            gone.append(batch)
        return gone


def _own_folder(root: Path) -> tuple[Path, int | None]:
    """A new folder and the lock on it; a process that just starts may take an unlocked one for abandoned."""
    for _ in range(TRIES):
        folder = root / new_id()
        folder.mkdir(parents=True, mode=0o700)
        try:
            lock = _lock(folder)
        except FileNotFoundError:
            continue
        if lock is not None or sys.platform == "win32":
            return folder, lock
    raise OSError(f"no folder of its own in {root}")


def _move(file: Path, to: Path) -> Batch | None:
    """The batch in a file, now in our folder; None for a file that is none of ours."""
    parts = file.name.split(".")
    if len(parts) != 4 or parts[1] not in PATHS or not parts[2].isdecimal():
        return None
    return Batch(parts[1], int(parts[2]), file=file.rename(to / file.name))
