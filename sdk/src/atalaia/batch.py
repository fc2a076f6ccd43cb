"""Lines of one kind, compressed for one request."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from atalaia.buffer import Waiting

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


def batches(waiting: Iterable[Waiting]) -> list[Batch]:
    """One batch per kind, in the order in which kinds first appear."""
    lines: dict[str, list[bytes]] = {}
    for item in waiting:
        lines.setdefault(item.kind, []).append(item.line)
    return [pack(kind, found) for kind, found in lines.items()]


def halves(batch: Batch) -> list[Batch]:
    """The same lines in two batches."""
    lines = gzip.decompress(batch.read()).split(b"\n")
    middle = len(lines) // 2
    return [pack(batch.kind, lines[:middle]), pack(batch.kind, lines[middle:])]
