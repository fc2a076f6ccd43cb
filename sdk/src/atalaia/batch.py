"""Lines of one kind, compressed for one request."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LEVEL = 5
PATHS = {
    "prediction": "predictions",
    "llm_call": "llm-calls",
    "outcome": "outcomes",
    "feedback": "feedback",
    "event": "events",
    "log": "logs",
}


@dataclass
class Batch:
    """One body, in memory or in a file of the spool."""

    kind: str
    count: int
    body: bytes = b""
    file: Path | None = None
    report: bool = False  # of our own drops: if it is refused too, that is not reported again

    @property
    def path(self) -> str:
        """Where the wire contract wants it."""
        return f"/api/v1/{PATHS[self.kind]}"

    def read(self) -> bytes:
        """The body, gzipped; `OSError` where its file is gone."""
        return self.body if self.file is None else self.file.read_bytes()


def pack(kind: str, lines: list[bytes]) -> Batch:
    """A batch of these lines."""
    return Batch(kind, len(lines), gzip.compress(b"\n".join(lines), LEVEL, mtime=0))


def batches(lines: Iterable[tuple[str, bytes]], *, max_bytes: int) -> list[Batch]:
    """Lines with their kinds, in as few batches of one kind as hold `max_bytes` before they are compressed."""
    packed: list[Batch] = []
    gathered: dict[str, list[bytes]] = {}
    sizes: dict[str, int] = {}
    for kind, line in lines:
        sizes[kind] = sizes.get(kind, 0) + len(line)
        if sizes[kind] > max_bytes and kind in gathered:
            packed.append(pack(kind, gathered.pop(kind)))
            sizes[kind] = len(line)
        gathered.setdefault(kind, []).append(line)
    return packed + [pack(kind, found) for kind, found in gathered.items()]


def halves(batch: Batch) -> list[Batch]:
    """The same lines in two batches."""
    lines = gzip.decompress(batch.read()).split(b"\n")
    middle = len(lines) // 2
    return [pack(batch.kind, lines[:middle]), pack(batch.kind, lines[middle:])]
